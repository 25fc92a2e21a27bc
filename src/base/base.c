/* SPDX-License-Identifier: MIT */
/* base.c -- names of statuses and states. */
#include <mn/block.h>

const char *mn_status_name(enum mn_status status)
{
    switch (status) {
    case MN_OK:
        return "ok";
    case MN_ERR_NOMEM:
        return "out of memory";
    case MN_ERR_INVALID:
        return "invalid argument";
    case MN_ERR_UNSUPPORTED:
        return "not supported here";
    case MN_ERR_OS:
        return "refused by the system";
    case MN_ERR_SIZE:
        return "bad size";
    case MN_ERR_ALIGN:
        return "bad alignment";
    case MN_ERR_ADDRESS:
        return "invalid address";
    case MN_ERR_DOUBLE_FREE:
        return "double free";
    case MN_ERR_CORRUPTED:
        return "corrupted";
    }
    return "unknown status";
}

const char *mn_state_name(enum mn_state state)
{
    switch (state) {
    case MN_FREE:
        return "free";
    case MN_ALLOCATED:
        return "allocated";
    case MN_RESERVED:
        return "reserved";
    }
    return "unknown state";
}

/* SPDX-License-Identifier: MIT */
#include <mn/base.h>

int main(void)
{
    return mn_status_name(MN_OK)[0] != 'o';
}

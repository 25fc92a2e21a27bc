/* SPDX-License-Identifier: MIT */
/* key.c -- ships that aim at each other, and sink, in a table in a buffer. */
#include <mn/key.h>
#include <stdio.h>

MN_TYPE_DECLARE(ship);
MN_KEY(ship);
struct ship {
    const char *name;
    struct ship_key target;
};
MN_TYPE(ship, .drop = NULL);
MN_KEYS(ship);

static _Alignas(8) unsigned char buffer[1024];

static void look(const struct ship_keys *ships, const struct ship *ship)
{
    const struct ship *target = ship_keys_get(ships, ship->target);

    printf("%s aims at %s\n", ship->name,
           target != NULL ? target->name : "nothing");
}

int main(void)
{
    struct ship_keys ships;
    struct ship_key argo;
    struct ship_key beagle;

    if (ship_keys_init(&ships,
                       &(struct mn_keys_options){.memory = buffer,
                                                 .memory_size = sizeof buffer})
        != MN_OK)
        return 1;
    struct ship *first = ship_keys_alloc(&ships, &argo);
    struct ship *second = ship_keys_alloc(&ships, &beagle);
    if (first == NULL || second == NULL)
        return 1;
    *first = (struct ship){"Argo", beagle};
    *second = (struct ship){"Beagle", argo};
    look(&ships, first);

    ship_keys_remove(&ships, beagle);
    look(&ships, first);
    /* In the same place, but that is no reason to aim at it. */
    struct ship_key calypso =
        ship_keys_insert(&ships, &(struct ship){.name = "Calypso"});
    if (ship_keys_get(&ships, calypso) != second)
        return 1;
    look(&ships, first);
    ship_keys_finish(&ships);
    return 0;
}

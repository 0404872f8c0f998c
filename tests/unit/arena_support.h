/* SPDX-License-Identifier: Apache-2.0 */
/* An arena for the tests of one file: `arena`, made by set_up() and freed by tear_down(). */
#ifndef QUERENT_TESTS_UNIT_ARENA_SUPPORT_H
#define QUERENT_TESTS_UNIT_ARENA_SUPPORT_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/arena.h"

static struct arena *arena;

static int set_up(void **state)
{
    arena = arena_new();
    return 0;
}

static int tear_down(void **state)
{
    arena_free(arena);
    return 0;
}

#endif

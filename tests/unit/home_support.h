/* SPDX-License-Identifier: Apache-2.0 */
/* A QUERENT_HOME of their own for the tests of one file: `home`, made by make_home() and removed
 * with all that is in it by remove_home(). */
#ifndef QUERENT_TESTS_UNIT_HOME_SUPPORT_H
#define QUERENT_TESTS_UNIT_HOME_SUPPORT_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/settings.h"
#include "engine/process.h"

static char home[64];

static int make_home(void **state)
{
    strcpy(home, "/tmp/querent-test-XXXXXX");
    return mkdtemp(home) && settings_set("QUERENT_HOME", home, NULL) ? 0 : -1;
}

static int remove_home(void **state)
{
    process_remove_folder(home);
    return 0;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "version.h"

int main(void)
{
    puts("querent " QUERENT_VERSION);
    return 0;
}

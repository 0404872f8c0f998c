/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "engine/worker.h"
#include "version.h"

int main(int argc, char **argv)
{
    if (engine_worker_requested(argc, argv))
        return engine_worker_main(argc, argv);
    puts("querent " QUERENT_VERSION);
    return 0;
}

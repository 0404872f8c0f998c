/* SPDX-License-Identifier: Apache-2.0 */
#include <locale.h>
#include <signal.h>

#include "cli/command.h"
#include "engine/worker.h"

int main(int argc, char **argv)
{
    /* The same program is its engine's worker process: nothing else may happen before that. */
    if (engine_worker_requested(argc, argv))
        return engine_worker_main(argc, argv);
    setlocale(LC_CTYPE, ""); /* for libedit; numbers stay as in C */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error, not the end */
    return command_main(argc, argv);
}

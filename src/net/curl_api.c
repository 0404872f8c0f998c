/* SPDX-License-Identifier: Apache-2.0 */
#include "net/curl_api.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define LIBRARY "libcurl.so.4" /* the name of its binary interface since 2006 */

struct curl_api curl;

static char problem[160];

/* dlsym() gives an object pointer; POSIX promises that its bytes are the function's address. */
static void find_function(void *library, const char *name, void *slot)
{
    void *address = dlsym(library, name);
    memcpy(slot, &address, sizeof(address));
    if (!address && !problem[0])
        snprintf(problem, sizeof(problem), LIBRARY " has no function '%s'", name);
}

static void load(void)
{
    struct sigaction action;
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        snprintf(problem, sizeof(problem), LIBRARY " can't be loaded; install libcurl (libcurl4)");
        return;
    }
#define FUNCTION(name) find_function(library, "curl_" #name, &curl.name);
    CURL_FUNCTIONS(FUNCTION)
#undef FUNCTION
    if (!problem[0] && curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        snprintf(problem, sizeof(problem), LIBRARY " can't be set up");
    /* OpenSSL writes to sockets that the other side may have closed. */
    if (sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
}

const char *curl_api_load(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return problem[0] ? problem : NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl as a table of functions, filled by dlopen() with the first call to a server outside: it
 * brings some thirty libraries along, which would double the time in which a command or a worker
 * process starts.
 */
#ifndef QUERENT_NET_CURL_API_H
#define QUERENT_NET_CURL_API_H

#define CURL_DISABLE_TYPECHECK /* its macros call the functions by name */
#include <curl/curl.h>

#define CURL_FUNCTIONS(FUNCTION)  \
    FUNCTION(easy_cleanup)        \
    FUNCTION(easy_getinfo)        \
    FUNCTION(easy_init)           \
    FUNCTION(easy_pause)          \
    FUNCTION(easy_reset)          \
    FUNCTION(easy_setopt)         \
    FUNCTION(easy_strerror)       \
    FUNCTION(getdate)             \
    FUNCTION(global_init)         \
    FUNCTION(multi_add_handle)    \
    FUNCTION(multi_cleanup)       \
    FUNCTION(multi_info_read)     \
    FUNCTION(multi_init)          \
    FUNCTION(multi_remove_handle) \
    FUNCTION(multi_setopt)        \
    FUNCTION(multi_socket_action) \
    FUNCTION(slist_append)        \
    FUNCTION(slist_free_all)      \
    FUNCTION(version_info)

struct curl_api {
#define FUNCTION(name) __typeof__(curl_##name) *name;
    CURL_FUNCTIONS(FUNCTION)
#undef FUNCTION
};

extern struct curl_api curl; /* to be used after curl_api_load() alone */

/* Any thread, any number of times, not on a task's stack before it has been once. NULL when all
 * went well, else what is wrong. */
const char *curl_api_load(void);

#endif

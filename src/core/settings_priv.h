/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the settings share. */
#ifndef QUERENT_CORE_SETTINGS_PRIV_H
#define QUERENT_CORE_SETTINGS_PRIV_H

#include "core/settings.h"

#define SETTING_VALUE_SIZE_MAX 4096

/* A value in the form that its type asks for. */
struct setting_value {
    const char *text; /* NULL: not set; a choice in the table's spelling */
    int64_t integer;
    double number;
    bool flag;
};

/* Checks a text against the setting's type and range and fills *out, whose text is the given one
 * or the table's: borrowed. False when it is not allowed. */
bool setting_parse(const struct setting *setting, const char *text, struct setting_value *out);

/* The part of a URL between the ':' of the user and the '@', empty when there is none. Which '@'
 * ends it is unclear when a password holds one: what is hidden goes to the last. */
enum url_at { URL_FIRST_AT, URL_LAST_AT };
struct str url_password(const char *url, enum url_at which);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "core/settings_priv.h"

#include <string.h>

static void print_url(const char *url, struct strbuf *out)
{
    struct str whole = str_from(url);
    struct str password = url_password(url, URL_LAST_AT);
    size_t from = 0;
    if (password.length > 0) {
        size_t start = (size_t)(password.bytes - url);
        strbuf_add_str(out, str_slice(whole, 0, start));
        strbuf_add(out, "***");
        from = start + password.length;
    }
    struct str rest = str_slice(whole, from, whole.length);
    ptrdiff_t query = str_find(rest, STR("?")); /* may hold a password or a signature */
    strbuf_add_str(out, query < 0 ? rest : str_slice(rest, 0, (size_t)query));
    if (query >= 0)
        strbuf_add(out, "?***");
}

void settings_print_value(const char *name, struct strbuf *out)
{
    const struct setting *setting = settings_find(name);
    if (!settings_is_set(name))
        return;
    if (setting->secret)
        strbuf_add(out, "***");
    else if (setting->type == SETTING_URL)
        print_url(settings_text(name), out);
    else
        strbuf_add(out, settings_text(name));
}

static void print_row(const struct setting *setting, struct strbuf *out)
{
    strbuf_printf(out, "### `%s`\n\n%s", setting->name, setting->help);
    if (setting->secret)
        strbuf_add(out, " Secret: never shown or logged.");
    if (setting->unread)
        strbuf_add(out, " Not used by this version.");
    strbuf_add(out, "\n\nAllowed: ");
    settings_print_allowed(setting, out);
    if (setting->unit)
        strbuf_printf(out, " (%s)", setting->unit);
    if (setting->fallback)
        strbuf_printf(out, ". Default: `%s`.\n\n", setting->fallback);
    else
        strbuf_add(out, ". Not set by default.\n\n");
}

void settings_print_markdown(struct strbuf *out)
{
    strbuf_add(out,
               "<!-- Made by `make docs` from src/core/settings_table.c; don't edit. -->\n"
               "# Settings\n\n"
               "A value is looked for in this order:\n\n"
               "1. the command line: `--set NAME=VALUE` (not for secrets);\n"
               "2. the environment;\n"
               "3. the file `.env` in the current folder, then in `QUERENT_HOME`;\n"
               "4. the file that `NAME_FILE` names (for secrets that are mounted as files);\n"
               "5. the default.\n\n"
               "An empty value counts as none. `querent config` shows all values and where each "
               "came from.\n\n");
    const char *group = "";
    for (size_t i = 0; i < settings_count; i++) {
        if (strcmp(group, settings_table[i].group) != 0) {
            group = settings_table[i].group;
            strbuf_printf(out, "## %s\n\n", group);
        }
        print_row(&settings_table[i], out);
    }
    if (out->length > 0 && strbuf_ok(out))
        strbuf_truncate(out, out->length - 1); /* one line feed at the end */
}

/* SPDX-License-Identifier: Apache-2.0 */
/* querent keys: makes, lists and revokes API keys. */
#include "cli/commands.h"

#include <string.h>

#include "cli/admin.h"
#include "core/clock.h"
#include "cli/terminal.h"
#include "core/json.h"
#include "core/settings.h"
#include "store/admin_json.h"

#define LIST_SIZE_MAX (256 * 1024 * 1024)

static const struct option_row options[] = {
    {"user", 0, OPTION_VALUE, "NAME", "create: whose key it is"},
    {"role", 0, OPTION_VALUE, "NAME", "create: user (the default), admin, or one of your own"},
    {"attribute", 0, OPTION_LIST, "NAME=VALUE", "create: what 'access' of metadata asks for"},
    {"acts-for-others", 0, OPTION_FLAG, NULL, "create: its requests may name another user"},
    {"expires", 0, OPTION_VALUE, "TIME", "create: after 90d, 12h, 30m or 45s; else never"},
    {"home", 0, OPTION_VALUE, "DIR", "where the store and what is derived from data are kept"},
    {"json", 0, OPTION_FLAG, NULL, "print as JSON"},
};

/* Whoever makes keys now must not believe that they protect anything. */
static void say_what_is_in_force(void)
{
    fprintf(stderr,
            "note: QUERENT_AUTH is '%s': keys are not asked for yet, and the server answers only on "
            "this machine\n",
            settings_text("QUERENT_AUTH"));
}

/* "90d" in seconds. */
static bool parse_lifetime(const char *text, int64_t *out, struct error *err)
{
    static const struct {
        char letter;
        int64_t seconds;
    } units[] = {{'d', 24 * 3600}, {'h', 3600}, {'m', 60}, {'s', 1}};
    struct str number = str_from(text);
    int64_t count = 0, seconds = 0;
    for (size_t i = 0; number.length > 0 && i < sizeof(units) / sizeof(units[0]); i++)
        if (number.bytes[number.length - 1] == units[i].letter)
            seconds = units[i].seconds;
    number.length -= number.length > 0;
    if (seconds == 0 || !str_to_i64(number, &count) || count < 1 ||
        count > STORE_KEY_LIFETIME_MAX_S / seconds)
        return error_set(err, ERROR_USAGE,
                         "'--expires' takes a number with d, h, m or s, at most %dd, such as 90d",
                         (int)(STORE_KEY_LIFETIME_MAX_S / (24 * 3600)));
    *out = count * seconds;
    return true;
}

static bool read_attributes(const struct admin *admin, struct key_create *create, struct error *err)
{
    const char *const *given =
        arguments_list(admin->arguments, "attribute", &create->attribute_count);
    struct key_attribute *attributes =
        arena_array(admin->arena, create->attribute_count, sizeof(*attributes));
    for (size_t i = 0; i < create->attribute_count; i++) {
        const char *equals = strchr(given[i], '=');
        if (!equals)
            return error_set(err, ERROR_USAGE, "'--attribute' takes NAME=VALUE, such as "
                                               "office=Lisbon");
        attributes[i] = (struct key_attribute){
            arena_strndup(admin->arena, given[i], (size_t)(equals - given[i])), equals + 1};
    }
    create->attributes = attributes;
    return true;
}

static bool read_create(const struct admin *admin, struct key_create *create, struct error *err)
{
    const char *role = arguments_value(admin->arguments, "role");
    const char *expires = arguments_value(admin->arguments, "expires");
    create->user_id = arguments_value(admin->arguments, "user");
    create->role = role ? role : "user";
    create->acts_for_others = arguments_flag(admin->arguments, "acts-for-others");
    if (!create->user_id)
        return error_set(err, ERROR_USAGE, "'keys create' needs --user NAME");
    return read_attributes(admin, create, err) &&
           (!expires || parse_lifetime(expires, &create->lifetime_s, err));
}

TASK_WAITS static bool create_key(struct admin *admin, struct error *err)
{
    const struct audit_act act = admin_act_of_user(admin, "key.create");
    struct key_create create = {.act = &act};
    struct api_key row;
    char key[STORE_KEY_SIZE];
    if (!read_create(admin, &create, err) ||
        !store_key_create(admin->store, &create, admin->arena, &row, key, err))
        return false;
    if (arguments_flag(admin->arguments, "json")) {
        struct strbuf json = strbuf_init(LIST_SIZE_MAX);
        api_key_json(&row, key, &json);
        puts(strbuf_text(&json));
        strbuf_clear(&json);
    } else {
        terminal_print_line(stderr, "%s, an API key of %s; it is shown now and never again:", row.id,
                            row.user_id);
        puts(key);
    }
    explicit_bzero(key, sizeof(key));
    say_what_is_in_force();
    return true;
}

static const char *state_of(const struct api_key *key, const char *now)
{
    if (key->revoked_at)
        return "revoked";
    return key->expires_at && strcmp(key->expires_at, now) <= 0 ? "expired" : "active";
}

static struct cell text_cell(const char *text)
{
    return (struct cell){.type = CELL_TEXT, .text = str_from(text ? text : "")};
}

static void print_keys(const struct api_key *keys, size_t count, struct arena *arena)
{
    static struct result_column headers[] = {
        {"id", "VARCHAR", VALUE_TEXT},      {"user", "VARCHAR", VALUE_TEXT},
        {"role", "VARCHAR", VALUE_TEXT},    {"state", "VARCHAR", VALUE_TEXT},
        {"expires", "VARCHAR", VALUE_TEXT}, {"last used", "VARCHAR", VALUE_TEXT},
        {"begins", "VARCHAR", VALUE_TEXT}};
    enum { COUNT = sizeof(headers) / sizeof(headers[0]) };
    struct rows rows = {headers, COUNT, NULL, count, false};
    char now[TIMESTAMP_SIZE];
    clock_print_utc(clock_now_ms(), now);
    rows.cells = arena_array(arena, COUNT * count, sizeof(struct cell));
    for (size_t i = 0; i < count; i++) {
        const char *const texts[COUNT] = {keys[i].id, keys[i].user_id, keys[i].role,
                                          state_of(&keys[i], now), keys[i].expires_at,
                                          keys[i].last_used_on, keys[i].prefix};
        for (size_t j = 0; j < COUNT; j++)
            rows.cells[i * COUNT + j] = text_cell(texts[j]);
    }
    terminal_print_rows(stdout, &rows, count);
}

static void print_keys_json(const struct api_key *keys, size_t count)
{
    struct strbuf json = strbuf_init(LIST_SIZE_MAX);
    strbuf_add_char(&json, '[');
    for (size_t i = 0; i < count; i++) {
        json_add_separator(&json);
        api_key_json(&keys[i], NULL, &json);
    }
    strbuf_add_char(&json, ']');
    puts(strbuf_text(&json));
    strbuf_clear(&json);
}

TASK_WAITS static bool list_keys(struct admin *admin, struct error *err)
{
    struct api_key *keys;
    size_t count;
    if (!store_key_list(admin->store, admin->arena, &keys, &count, err))
        return false;
    if (arguments_flag(admin->arguments, "json"))
        print_keys_json(keys, count);
    else if (count > 0)
        print_keys(keys, count, admin->arena);
    else
        puts("There are no keys.");
    say_what_is_in_force();
    return true;
}

TASK_WAITS static bool revoke_key(struct admin *admin, struct error *err)
{
    size_t count;
    const char *const *rest = arguments_rest(admin->arguments, &count);
    const struct audit_act act = admin_act_of_user(admin, "key.revoke");
    if (count < 2)
        return error_set(err, ERROR_USAGE, "'keys revoke' needs the id of a key; 'querent keys list' "
                                           "shows them");
    if (!store_key_revoke(admin->store, rest[1], &act, err))
        return false;
    if (arguments_flag(admin->arguments, "json"))
        printf("{\"status\":\"revoked\",\"id\":\"%s\"}\n", rest[1]); /* an id is plain */
    else
        printf("Key %s is revoked.\n", rest[1]);
    return true;
}

static const struct {
    const char *name;
    size_t rest_max;
    TASK_WAITS bool (*work)(struct admin *admin, struct error *err);
} verbs[] = {{"create", 1, create_key}, {"list", 1, list_keys}, {"revoke", 2, revoke_key}};

static int run_keys(const struct arguments *arguments)
{
    size_t count;
    const char *const *rest = arguments_rest(arguments, &count);
    struct error err = {0};
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(rest[0], verbs[i].name) != 0)
            continue;
        if (count <= verbs[i].rest_max)
            return admin_run(arguments, verbs[i].work);
        (void)error_set(&err, ERROR_USAGE, "'keys %s' has too many arguments", verbs[i].name);
        return arguments_fail(arguments, &err);
    }
    (void)error_set(&err, ERROR_USAGE, "'keys' does one of create, list, revoke");
    return arguments_fail(arguments, &err);
}

const struct command keys_command = {
    .name = "keys",
    .summary = "make, list and revoke API keys (not asked for yet)",
    .usage = "create --user NAME [OPTION]... | list | revoke ID",
    .details =
        "Keys say who asks. This version does not ask for them yet (QUERENT_AUTH is 'none', and the\n"
        "server listens only on this machine); they can be prepared. A new key is shown once: what is\n"
        "stored is its SHA-256.\n\n"
        "  querent keys create --user ana --attribute office=Lisbon --expires 90d\n"
        "  querent keys revoke key_0123456789abcdef",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .rest_min = 1,
    .rest_max = 2,
    .run = run_keys,
};

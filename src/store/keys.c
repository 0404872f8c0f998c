/* SPDX-License-Identifier: Apache-2.0 */
/* The front of the API keys: makes them, takes them apart, compares what is stored of them. */
#include "core/json.h"
#include "core/random.h"
#include "store/check.h"

#define MARK "qk_"
#define MARK_LENGTH (sizeof(MARK) - 1)
#define FINDER_DIGITS 12
#define SECRET_DIGITS 64
#define ROLE_LENGTH_MAX 64
#define ATTRIBUTE_NAME_MAX 64
#define ATTRIBUTES_SIZE_MAX (2 * STORE_KEY_ATTRIBUTES_MAX * 6 * STORE_NAME_SIZE_MAX)

_Static_assert(MARK_LENGTH + FINDER_DIGITS + 1 + SECRET_DIGITS + 1 == STORE_KEY_SIZE,
               "the form of a key");
_Static_assert(MARK_LENGTH + FINDER_DIGITS + 1 == KEY_PREFIX_SIZE, "what finds it");

static void add_hex(char *out, const unsigned char *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
}

static void make_key(char key[STORE_KEY_SIZE])
{
    unsigned char finder[FINDER_DIGITS / 2], secret[SECRET_DIGITS / 2];
    random_bytes(finder, sizeof(finder));
    random_bytes(secret, sizeof(secret));
    memcpy(key, MARK, MARK_LENGTH);
    add_hex(key + MARK_LENGTH, finder, sizeof(finder));
    key[MARK_LENGTH + FINDER_DIGITS] = '_';
    add_hex(key + MARK_LENGTH + FINDER_DIGITS + 1, secret, sizeof(secret));
    key[STORE_KEY_SIZE - 1] = '\0';
    explicit_bzero(secret, sizeof(secret));
}

static void hash_key(struct str key, unsigned char hash[SHA256_SIZE])
{
    struct sha256 *sha = sha256_new();
    sha256_add(sha, key.bytes, key.length);
    sha256_end_bytes(sha, hash);
}

/* Takes the same time wherever they differ. */
static bool hashes_are_equal(const unsigned char *a, const unsigned char *b)
{
    volatile unsigned char difference = 0;
    for (size_t i = 0; i < SHA256_SIZE; i++)
        difference |= (unsigned char)(a[i] ^ b[i]);
    return difference == 0;
}

static bool has_only(const char *text, const char *also, size_t length_max)
{
    size_t length = strnlen(text, length_max + 1);
    for (size_t i = 0; i < length; i++)
        if (!char_is_alnum(text[i]) && !strchr(also, text[i]))
            return false;
    return length > 0 && length <= length_max;
}

static bool check_attributes(const struct key_create *create, struct error *err)
{
    if (create->attribute_count > STORE_KEY_ATTRIBUTES_MAX)
        return error_set(err, ERROR_TOO_LARGE, "a key has at most %d attributes",
                         STORE_KEY_ATTRIBUTES_MAX);
    for (size_t i = 0; i < create->attribute_count; i++) {
        const struct key_attribute *attribute = &create->attributes[i];
        if (!has_only(attribute->name, "_", ATTRIBUTE_NAME_MAX))
            return error_set(err, ERROR_INVALID,
                             "an attribute's name is 1 to %d letters, digits and '_'",
                             ATTRIBUTE_NAME_MAX);
        if (!check_text("an attribute's value", attribute->value, STORE_NAME_SIZE_MAX, err))
            return false;
        for (size_t j = 0; j < i; j++)
            if (strcmp(attribute->name, create->attributes[j].name) == 0)
                return error_set(err, ERROR_INVALID, "the attribute '%s' is given twice",
                                 attribute->name);
    }
    return true;
}

static bool check_create(const struct key_create *create, struct error *err)
{
    if (!check_name("the user id", create->user_id, err) ||
        !check_text("the role", create->role, STORE_NAME_SIZE_MAX, err))
        return false;
    if (!has_only(create->role, "-_", ROLE_LENGTH_MAX))
        return error_set(err, ERROR_INVALID, "a role is 1 to %d letters, digits, '-' and '_'",
                         ROLE_LENGTH_MAX);
    return check_attributes(create, err) &&
           check_range("the key's lifetime in seconds", create->lifetime_s, 0,
                       STORE_KEY_LIFETIME_MAX_S, err) &&
           (!create->act || audit_act_check(create->act, err));
}

static const char *attributes_json(const struct key_create *create, struct arena *arena)
{
    struct strbuf json = strbuf_init(ATTRIBUTES_SIZE_MAX);
    strbuf_add_char(&json, '{');
    for (size_t i = 0; i < create->attribute_count; i++) {
        json_add_key(&json, create->attributes[i].name);
        json_add_text(&json, create->attributes[i].value);
    }
    strbuf_add_char(&json, '}');
    const char *copy = arena_strdup(arena, strbuf_text(&json));
    strbuf_clear(&json);
    return copy;
}

static const char *time_text(int64_t time_ms, struct arena *arena)
{
    char text[TIMESTAMP_SIZE];
    clock_print_utc(time_ms, text);
    return arena_strdup(arena, text);
}

TASK_WAITS bool store_key_create(struct store *store, const struct key_create *create,
                                 struct arena *arena, struct api_key *out,
                                 char key[STORE_KEY_SIZE], struct error *err)
{
    char id[STORE_ID_SIZE], made[STORE_KEY_SIZE];
    unsigned char hash[SHA256_SIZE];
    if (!check_create(create, err))
        return false;
    random_id(id, sizeof(id), "key_");
    make_key(made);
    hash_key((struct str){made, STORE_KEY_SIZE - 1}, hash);
    int64_t now_ms = clock_now_ms();
    struct api_key row = {
        .id = arena_strdup(arena, id),
        .prefix = arena_strndup(arena, made, KEY_PREFIX_SIZE - 1),
        .user_id = arena_strdup(arena, create->user_id),
        .role = arena_strdup(arena, create->role),
        .attributes = attributes_json(create, arena),
        .acts_for_others = create->acts_for_others,
        .created_at = time_text(now_ms, arena),
        .expires_at = create->lifetime_s > 0 ? time_text(now_ms + create->lifetime_s * 1000, arena)
                                             : NULL,
    };
    struct call_key_create call = {
        .key = &row, .hash = {(const char *)hash, SHA256_SIZE}, .act = create->act};
    bool done = call_driver(store, STORE_KEY_CREATE, &call, err);
    if (done) {
        *out = row;
        memcpy(key, made, STORE_KEY_SIZE);
    }
    explicit_bzero(made, sizeof(made));
    return done;
}

TASK_WAITS bool store_key_list(struct store *store, struct arena *arena, struct api_key **out,
                               size_t *count, struct error *err)
{
    struct call_key_list call = {.arena = arena};
    if (!call_driver(store, STORE_KEY_LIST, &call, err))
        return false;
    *out = call.out;
    *count = call.count;
    return true;
}

TASK_WAITS bool store_key_revoke(struct store *store, const char *id, const struct audit_act *act,
                                 struct error *err)
{
    struct call_key_revoke call = {.id = id, .act = act};
    clock_print_utc(clock_now_ms(), call.now);
    return check_id("key", id, "key_", err) && (!act || audit_act_check(act, err)) &&
           call_driver(store, STORE_KEY_REVOKE, &call, err);
}

static bool has_form(struct str key)
{
    if (key.length != STORE_KEY_SIZE - 1 || !str_starts(key, STR(MARK)) ||
        key.bytes[KEY_PREFIX_SIZE - 1] != '_')
        return false;
    for (size_t i = MARK_LENGTH; i < key.length; i++)
        if (i != KEY_PREFIX_SIZE - 1 && !memchr("0123456789abcdef", key.bytes[i], 16))
            return false;
    return true;
}

TASK_WAITS bool store_key_find(struct store *store, struct str key, struct arena *arena,
                               struct api_key *out, bool *found, struct error *err)
{
    char now[TIMESTAMP_SIZE];
    unsigned char hash[SHA256_SIZE];
    *found = false;
    if (!has_form(key))
        return true;
    struct call_key_find call = {
        .prefix = arena_strndup(arena, key.bytes, KEY_PREFIX_SIZE - 1), .arena = arena};
    if (!call_driver(store, STORE_KEY_FIND, &call, err))
        return false;
    clock_print_utc(clock_now_ms(), now);
    hash_key(key, hash);
    if (!call.found || !hashes_are_equal(hash, call.hash) || call.key.revoked_at ||
        (call.key.expires_at && strcmp(call.key.expires_at, now) <= 0))
        return true;
    const char *today = arena_strndup(arena, now, DATE_SIZE - 1);
    if (!call.key.last_used_on || strcmp(call.key.last_used_on, today) != 0) {
        struct call_key_used used = {.id = call.key.id, .day = today};
        if (!call_driver(store, STORE_KEY_USED, &used, err))
            return false;
        call.key.last_used_on = today;
    }
    *out = call.key;
    *found = true;
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Whose embeddings are used without a word about it: texts leave only for a server that somebody has named, or
 * for OpenAI with its key and a language model in use. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "agent/embedding.h"
#include "core/settings.h"

#define SETTINGS 5

static void set(const char *name, const char *value)
{
    struct error err = {0};
    if (!settings_set(name, value, &err))
        fail_msg("%s", err.message);
}

static void close_embedders(struct agent *agent)
{
    embedder_close(agent->embedder);
    embedder_close(agent->server_embedder);
    *agent = (struct agent){0};
}

static void auto_goes_by_keys_models_and_addresses(void **state)
{
    static const struct {
        const char *settings[SETTINGS][2];
        const char *chosen;
        bool keyless; /* and so can't be opened */
    } rows[] = {
        {{{NULL}}, "builtin"},
        {{{"OPENAI_API_KEY", "sk-1234"}}, "openai"},
        {{{"OPENAI_API_KEY", "sk-1234"}, {"ANTHROPIC_API_KEY", "sk-5678"}}, "openai"},
        {{{"ANTHROPIC_API_KEY", "sk-5678"}}, "builtin"},
        {{{"ANTHROPIC_API_KEY", "sk-5678"}, {"QUERENT_EMBED_API_KEY", "sk-1234"}}, "openai"},
        {{{"OPENAI_API_KEY", "sk-1234"}, {"QUERENT_LLM", "planner"}}, "builtin"},
        {{{"OPENAI_API_KEY", "sk-1234"}, {"QUERENT_EMBED", "builtin"}}, "builtin"},
        {{{"QUERENT_EMBED", "openai"}}, "openai", .keyless = true},
        {{{"OPENAI_BASE_URL", "http://127.0.0.1:1/v1"}}, "builtin"},
        {{{"OPENAI_API_KEY", "sk-1234"}, {"OPENAI_BASE_URL", "http://127.0.0.1:1/v1"}}, "builtin"},
        {{{"OPENAI_API_KEY", "sk-1234"},
          {"OPENAI_BASE_URL", "http://127.0.0.1:1/v1"},
          {"QUERENT_EMBED_MODEL", "m"}},
         "openai"},
        {{{"OPENAI_API_KEY", "sk-1234"}, {"OPENAI_BASE_URL", "https://api.openai.com"}}, "openai"},
        {{{"OPENAI_API_KEY", "sk-1234"}, {"OPENAI_BASE_URL", "https://api.openai.com:443/v1"}}, "openai"},
        {{{"OPENAI_API_KEY", "sk-1234"}, {"OPENAI_BASE_URL", "https://api.openai.com.example/v1"}},
         "builtin"},
        {{{"OPENAI_API_KEY", "sk-1234"}, {"OPENAI_BASE_URL", "https://example/?://api.openai.com"}},
         "builtin"},
        {{{"OPENAI_API_KEY", "sk-1234"}, {"OPENAI_BASE_URL", "https://api.openai.com:444/v1"}}, "builtin"},
        {{{"OPENAI_API_KEY", "sk-1234"}, {"OPENAI_BASE_URL", "https://api.openai.com@example/v1"}}, "builtin"},
        {{{"QUERENT_EMBED_BASE_URL", "http://127.0.0.1:1"}}, "builtin"},
        {{{"QUERENT_EMBED_BASE_URL", "http://127.0.0.1:1"}, {"QUERENT_EMBED_MODEL", "m"}}, "openai"},
        {{{"QUERENT_EMBED_BASE_URL", "http://127.0.0.1:1"}, {"OPENAI_API_KEY", "sk-1234"}}, "builtin"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct agent agent = {0};
        struct error err = {0};
        settings_reset();
        for (size_t k = 0; k < SETTINGS && rows[i].settings[k][0]; k++)
            set(rows[i].settings[k][0], rows[i].settings[k][1]);
        assert_string_equal(embedding_chosen(), rows[i].chosen);
        assert_int_equal(embedding_open(&agent, &err), !rows[i].keyless);
        if (!rows[i].keyless)
            assert_int_equal(agent.server_embedder != NULL, strcmp(rows[i].chosen, "openai") == 0);
        close_embedders(&agent);
    }
    settings_reset();
}

/* Nobody has asked for a server: that what was chosen can't be opened keeps no program from starting. */
static void auto_falls_back_to_the_builtin_ones(void **state)
{
    struct agent agent = {0};
    struct error err = {0};
    settings_reset();
    set("OPENAI_API_KEY", "sk-1234");
    set("QUERENT_EMBED_DIMENSIONS", "1537");
    assert_string_equal(embedding_chosen(), "openai");
    assert_true(embedding_open(&agent, &err));
    assert_non_null(agent.embedder);
    assert_null(agent.server_embedder);
    close_embedders(&agent);
    set("QUERENT_EMBED", "openai");
    assert_false(embedding_open(&agent, &err));
    assert_non_null(strstr(err.message, "at most 1536"));
    close_embedders(&agent);
    settings_reset();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(auto_goes_by_keys_models_and_addresses),
        cmocka_unit_test(auto_falls_back_to_the_builtin_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

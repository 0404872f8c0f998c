/* SPDX-License-Identifier: Apache-2.0 */
/* Whose embeddings are used without a word about it: texts leave only for a server that somebody has named, or
 * for OpenAI with its key and a language model in use. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "agent/embedding.h"
#include "core/settings.h"

#define SETTINGS 5

static void auto_goes_by_keys_models_and_addresses(void **state)
{
    static const struct {
        const char *settings[SETTINGS][2];
        const char *chosen;
    } rows[] = {
        {{{NULL}}, "builtin"},
        {{{"OPENAI_API_KEY", "sk-1234"}}, "openai"},
        {{{"OPENAI_API_KEY", "sk-1234"}, {"ANTHROPIC_API_KEY", "sk-5678"}}, "openai"},
        {{{"ANTHROPIC_API_KEY", "sk-5678"}}, "builtin"},
        {{{"ANTHROPIC_API_KEY", "sk-5678"}, {"QUERENT_EMBED_API_KEY", "sk-1234"}}, "openai"},
        {{{"OPENAI_API_KEY", "sk-1234"}, {"QUERENT_LLM", "planner"}}, "builtin"},
        {{{"OPENAI_API_KEY", "sk-1234"}, {"QUERENT_EMBED", "builtin"}}, "builtin"},
        {{{"QUERENT_EMBED", "openai"}}, "openai"},
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
        {{{"QUERENT_EMBED_BASE_URL", "http://127.0.0.1:1"}}, "builtin"},
        {{{"QUERENT_EMBED_BASE_URL", "http://127.0.0.1:1"}, {"QUERENT_EMBED_MODEL", "m"}}, "openai"},
        {{{"QUERENT_EMBED_BASE_URL", "http://127.0.0.1:1"}, {"OPENAI_API_KEY", "sk-1234"}}, "builtin"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct error err = {0};
        settings_reset();
        for (size_t k = 0; k < SETTINGS && rows[i].settings[k][0]; k++)
            if (!settings_set(rows[i].settings[k][0], rows[i].settings[k][1], &err))
                fail_msg("%s", err.message);
        assert_string_equal(embedding_chosen(), rows[i].chosen);
    }
    settings_reset();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(auto_goes_by_keys_models_and_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/settings.h"
#include "core/settings_priv.h"

extern char **environ;

static char start_folder[4096];
static char folder[] = "/tmp/querent-settings-XXXXXX";
static struct error err;

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    fclose(file);
}

static const char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

/* An empty environment, an empty current folder, and a home in it. */
static int set_up(void **state)
{
    err = (struct error){0};
    settings_reset();
    log_forget_secrets();
    const char *cmocka_output = getenv("CMOCKA_MESSAGE_OUTPUT");
    char *kept = cmocka_output ? strdup(cmocka_output) : NULL;
    clearenv();
    if (kept)
        setenv("CMOCKA_MESSAGE_OUTPUT", kept, 1);
    free(kept);
    setenv("HOME", folder, 1);
    setenv("QUERENT_HOME", in_folder("home"), 1);
    return 0;
}

static int tear_down(void **state)
{
    unlink(".env");
    unlink("home/.env");
    unlink("value");
    return 0;
}

static int enter_folder(void **state)
{
    return !getcwd(start_folder, sizeof(start_folder)) || !mkdtemp(folder) || chdir(folder) != 0 ||
           mkdir("home", 0700) != 0;
}

static int leave_folder(void **state)
{
    settings_reset();
    log_forget_secrets();
    return rmdir("home") != 0 || chdir(start_folder) != 0 || rmdir(folder) != 0;
}

static void load(void)
{
    if (!settings_load(&err))
        fail_msg("%s", err.message);
}

static void assert_refused(const char *name, const char *value)
{
    setenv(name, value, 1);
    assert_false(settings_load(&err));
    assert_int_equal(err.code, ERROR_CONFIG);
    assert_non_null(strstr(err.message, name));
    assert_non_null(strstr(err.message, "allowed is "));
    unsetenv(name);
}

static void the_table_is_sound(void **state)
{
    for (size_t i = 0; i < settings_count; i++) {
        const struct setting *setting = &settings_table[i];
        struct setting_value value;
        assert_ptr_equal(settings_find(setting->name), setting); /* no name twice */
        assert_true(setting->help && setting->group);
        assert_true(setting->help[strlen(setting->help) - 1] == '.');
        assert_true(!setting->fallback || setting_parse(setting, setting->fallback, &value));
        bool limited = setting->type == SETTING_INTEGER || setting->type == SETTING_DOUBLE;
        assert_true(!limited || setting->max > setting->min);
        bool listed = setting->type == SETTING_CHOICE || setting->type == SETTING_URL;
        assert_true(listed == (setting->choices != NULL));
        for (const char *c = setting->choices; c && *c; c++)
            assert_true(*c == char_lower(*c));
    }
}

static void gives_defaults_before_and_after_the_load(void **state)
{
    for (int i = 0; i < 2; i++) {
        assert_int_equal(settings_integer("QUERENT_ROW_LIMIT"), 10000);
        assert_int_equal(settings_integer("QUERENT_WEEK_START"), 1);
        assert_true(settings_double("QUERENT_SURENESS") == 0.6);
        assert_string_equal(settings_text("QUERENT_LLM"), "auto");
        assert_null(settings_text("QUERENT_WEIGHTS"));
        assert_null(settings_secret("OPENAI_API_KEY"));
        assert_false(settings_is_set("QUERENT_NOW"));
        load();
    }
    assert_int_equal(settings_source("QUERENT_ROW_LIMIT"), SETTING_FROM_DEFAULT);
    assert_int_equal(settings_warning_count(), 0);
}

static void sources_have_an_order(void **state)
{
    write_file("value", "5\n");
    setenv("QUERENT_MAX_REPAIRS_FILE", "value", 1);
    load();
    assert_int_equal(settings_integer("QUERENT_MAX_REPAIRS"), 5);
    assert_int_equal(settings_source("QUERENT_MAX_REPAIRS"), SETTING_FROM_FILE);
    assert_string_equal(settings_source_detail("QUERENT_MAX_REPAIRS"), "value");
    write_file("home/.env", "QUERENT_MAX_REPAIRS=4");
    load();
    assert_int_equal(settings_integer("QUERENT_MAX_REPAIRS"), 4);
    assert_string_equal(settings_source_detail("QUERENT_MAX_REPAIRS"), in_folder("home/.env"));
    write_file(".env", "QUERENT_MAX_REPAIRS=3");
    load();
    assert_int_equal(settings_integer("QUERENT_MAX_REPAIRS"), 3);
    assert_int_equal(settings_source("QUERENT_MAX_REPAIRS"), SETTING_FROM_DOTENV);
    setenv("QUERENT_MAX_REPAIRS", "", 1); /* empty is none */
    load();
    assert_int_equal(settings_integer("QUERENT_MAX_REPAIRS"), 3);
    setenv("QUERENT_MAX_REPAIRS", "1", 1);
    load();
    assert_int_equal(settings_integer("QUERENT_MAX_REPAIRS"), 1);
    assert_int_equal(settings_source("QUERENT_MAX_REPAIRS"), SETTING_FROM_ENVIRONMENT);
    assert_true(settings_override("QUERENT_MAX_REPAIRS=0", &err));
    load();
    assert_int_equal(settings_integer("QUERENT_MAX_REPAIRS"), 0);
    assert_int_equal(settings_source("QUERENT_MAX_REPAIRS"), SETTING_FROM_COMMAND_LINE);
}

static void an_env_file_chooses_no_code(void **state)
{
    write_file("home/.env", "QUERENT_DUCKDB_LIBRARY_FILE=value\n");
    write_file("value", "/evil.so");
    write_file(".env", "QUERENT_DUCKDB_LIBRARY=/evil.so\nQUERENT_MAX_REPAIRS=3\n");
    load();
    assert_null(settings_text("QUERENT_DUCKDB_LIBRARY"));
    assert_int_equal(settings_integer("QUERENT_MAX_REPAIRS"), 3);
    assert_int_equal(settings_warning_count(), 1);
    assert_non_null(strstr(settings_warning(0), "QUERENT_DUCKDB_LIBRARY in file '.env' is left"));
    setenv("QUERENT_DUCKDB_LIBRARY", "/good.so", 1);
    load();
    assert_string_equal(settings_text("QUERENT_DUCKDB_LIBRARY"), "/good.so");
    unsetenv("QUERENT_DUCKDB_LIBRARY");
}

static void a_command_line_holds_no_secret(void **state)
{
    assert_false(settings_override("OPENAI_API_KEY=sk-abc", &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_non_null(strstr(err.message, "OPENAI_API_KEY_FILE"));
    assert_null(strstr(err.message, "sk-abc"));
}

static void home_comes_from_xdg(void **state)
{
    unsetenv("QUERENT_HOME");
    load();
    char expected[256];
    snprintf(expected, sizeof(expected), "%s/.local/share/querent", folder);
    assert_string_equal(settings_home(), expected);
    setenv("XDG_DATA_HOME", "relative", 1);
    load();
    assert_string_equal(settings_home(), expected);
    setenv("XDG_DATA_HOME", "/data", 1);
    load();
    assert_string_equal(settings_home(), "/data/querent");
    write_file(".env", "QUERENT_HOME=/elsewhere");
    load();
    assert_string_equal(settings_home(), "/elsewhere");
}

static void numbers_keep_their_range(void **state)
{
    setenv("QUERENT_MAX_REPAIRS", "10", 1);
    setenv("QUERENT_SURENESS", "1", 1);
    load();
    unsetenv("QUERENT_SURENESS");
    assert_refused("QUERENT_MAX_REPAIRS", "11");
    assert_string_equal(err.message,
                        "QUERENT_MAX_REPAIRS is '11' (environment); allowed is a whole "
                        "number from 0 to 10");
    assert_refused("QUERENT_MAX_REPAIRS", "-1");
    assert_refused("QUERENT_MAX_REPAIRS", "2.5");
    assert_refused("QUERENT_MAX_REPAIRS", "two");
    assert_refused("QUERENT_SURENESS", "1.01");
    assert_refused("QUERENT_SURENESS", "nan");
}

static void choices_take_any_case(void **state)
{
    setenv("QUERENT_LLM", "Planner", 1);
    setenv("QUERENT_WEEK_START", "SUNDAY", 1);
    load();
    assert_string_equal(settings_text("QUERENT_LLM"), "planner");
    assert_int_equal(settings_integer("QUERENT_WEEK_START"), 7);
    assert_refused("QUERENT_LLM", "gpt");
    assert_non_null(strstr(err.message, "auto, anthropic, openai or planner"));
}

static void flags_have_many_words(void **state)
{
    static const struct setting flag = {"X", SETTING_FLAG, .help = "", .group = ""};
    static const char *const words[] = {"false", "TRUE", "no", "Yes", "off", "on", "0", "1"};
    struct setting_value value;
    for (size_t i = 0; i < 8; i++) {
        assert_true(setting_parse(&flag, words[i], &value));
        assert_int_equal(value.flag, i % 2);
        assert_string_equal(value.text, i % 2 ? "true" : "false");
    }
    assert_false(setting_parse(&flag, "2", &value));
    assert_false(setting_parse(&flag, "", &value));
}

static void values_can_be_set_later(void **state)
{
    load();
    assert_true(settings_set("QUERENT_MODEL", "later", &err));
    assert_string_equal(settings_text("QUERENT_MODEL"), "later");
    assert_int_equal(settings_source("QUERENT_MODEL"), SETTING_FROM_COMMAND_LINE);
    assert_false(settings_set("QUERENT_ROW_LIMIT", "0", &err));
    assert_non_null(strstr(err.message, "(command line)"));
    assert_int_equal(settings_integer("QUERENT_ROW_LIMIT"), 10000);
    load(); /* survives */
    assert_string_equal(settings_text("QUERENT_MODEL"), "later");
    settings_reset();
    assert_null(settings_text("QUERENT_MODEL"));
}

static void texts_are_clean_and_bounded(void **state)
{
    char text[SETTING_VALUE_SIZE_MAX + 2];
    memset(text, 'x', sizeof(text) - 1);
    text[SETTING_VALUE_SIZE_MAX + 1] = '\0';
    assert_refused("QUERENT_WEIGHTS", text);
    text[SETTING_VALUE_SIZE_MAX] = '\0';
    setenv("QUERENT_WEIGHTS", text, 1);
    load();
    unsetenv("QUERENT_WEIGHTS");
    assert_refused("QUERENT_MODEL", "a\nb");
    assert_null(strchr(err.message, '\n'));
    assert_refused("QUERENT_MODEL", "\xff");
}

static void times_and_zones_are_checked(void **state)
{
    assert_refused("QUERENT_NOW", "yesterday");
    assert_refused("QUERENT_TIME_ZONE", "Mars/Base");
    assert_refused("QUERENT_TIME_ZONE", "../../etc/passwd");
    assert_refused("QUERENT_TIME_ZONE", "+25:00");
    assert_int_equal(settings_utc_offset_minutes(0), 0);
    setenv("QUERENT_NOW", "2024-02-29T13:00:00Z", 1);
    setenv("QUERENT_TIME_ZONE", "-03:30", 1);
    load();
    assert_int_equal(settings_utc_offset_minutes(0), -210);
    assert_true(clock_now_ms() == 1709211600000);
    if (access("/usr/share/zoneinfo/Europe/Lisbon", R_OK) != 0)
        return; /* no time zone database here */
    setenv("QUERENT_TIME_ZONE", "Europe/Lisbon", 1);
    load();
    assert_int_equal(settings_utc_offset_minutes(1709211600000), 0);
    assert_int_equal(settings_utc_offset_minutes(1719835200000), 60); /* in July */
}

/* In silence it would seem to be in use. */
static void an_engine_that_is_not_there_is_refused(void **state)
{
    assert_refused("QUERENT_ENGINE", "postgres");
    assert_non_null(strstr(err.message, "allowed is auto or duckdb"));
    setenv("QUERENT_ENGINE", "DuckDB", 1);
    load();
}

static void urls_need_a_known_scheme(void **state)
{
    assert_refused("OPENAI_BASE_URL", "ftp://x");
    assert_refused("OPENAI_BASE_URL", "https:");
    assert_refused("OPENAI_BASE_URL", "https://");
    assert_refused("DATABASE_URL", "mysql://x/y");
    setenv("DATABASE_URL", "sqlite:data/store.db", 1);
    setenv("OPENAI_BASE_URL", "http://127.0.0.1:8080/v1", 1);
    load();
    assert_string_equal(settings_text("DATABASE_URL"), "sqlite:data/store.db");
}

static const char *printed(const char *name)
{
    static char text[1024];
    struct strbuf out = strbuf_init(sizeof(text) - 1);
    settings_print_value(name, &out);
    snprintf(text, sizeof(text), "%s", strbuf_text(&out));
    strbuf_clear(&out);
    return text;
}

static void secrets_are_never_printed(void **state)
{
    setenv("ANTHROPIC_API_KEY", "sk-ant-12345", 1);
    setenv("DATABASE_URL", "postgresql://ana:p%40ss:w@rd@db.example/q?sslmode=require", 1);
    load();
    assert_string_equal(settings_secret("ANTHROPIC_API_KEY"), "sk-ant-12345");
    assert_string_equal(printed("ANTHROPIC_API_KEY"), "***");
    assert_string_equal(printed("DATABASE_URL"), "postgresql://ana:***@db.example/q?***");
    assert_string_equal(printed("OPENAI_API_KEY"), "");
    assert_string_equal(printed("QUERENT_ROW_LIMIT"), "10000");

    int ends[2];
    char line[512] = {0};
    assert_int_equal(pipe(ends), 0);
    log_set_output(ends[1]);
    log_error("key sk-ant-12345, password p%%40ss:w@rd, plain p@ss:w@rd");
    log_set_output(STDERR_FILENO);
    assert_true(read(ends[0], line, sizeof(line) - 1) > 0);
    close(ends[0]);
    close(ends[1]);
    assert_non_null(strstr(line, "key ***, password ***, plain ***"));

    assert_refused("ANTHROPIC_API_KEY", "sk-ant\t12345");
    assert_null(strstr(err.message, "sk-ant"));
    assert_refused("DATABASE_URL", "mysql://ana:hidden@db");
    assert_null(strstr(err.message, "hidden"));
}

static void unknown_names_are_told(void **state)
{
    setenv("QUERENT_ROW_LIMITS", "5", 1);
    setenv("QUERENT_MODEL_FILE", "value", 1);
    setenv("UNRELATED", "5", 1);
    write_file("value", "a-model");
    write_file(".env", "QUERENT_XYZZY_PLUGH=1\nOTHER=2\nbroken\n");
    load();
    assert_int_equal(settings_warning_count(), 3);
    assert_string_equal(settings_warning(0), "setting 'QUERENT_XYZZY_PLUGH' (.env) is not known");
    assert_string_equal(settings_warning(1),
                        "file '.env', line 3 is left out: there is no '=' after the name");
    assert_string_equal(settings_warning(2), "setting 'QUERENT_ROW_LIMITS' (environment) is not "
                                             "known; did you mean 'QUERENT_ROW_LIMIT'?");
    assert_string_equal(settings_text("QUERENT_MODEL"), "a-model");
    assert_false(settings_set("QUERENT_LM", "planner", &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_non_null(strstr(err.message, "did you mean 'QUERENT_LLM'?"));
    assert_false(settings_override("QUERENT_LLM", &err));
    assert_false(settings_override("=x", &err));
}

static void unreadable_files_are_refused_or_passed_over(void **state)
{
    setenv("OPENAI_API_KEY_FILE", "missing", 1);
    assert_false(settings_load(&err));
    assert_string_equal(err.message, "OPENAI_API_KEY_FILE: there is no file 'missing'");
    write_file("value", "\n");
    setenv("OPENAI_API_KEY_FILE", "value", 1);
    load();
    assert_null(settings_secret("OPENAI_API_KEY"));
    write_file("value", "a\nb\n");
    assert_false(settings_load(&err));
    unsetenv("OPENAI_API_KEY_FILE");
    assert_int_equal(mkdir(".env", 0700), 0); /* what Python calls a virtual environment */
    load();
    assert_int_equal(rmdir(".env"), 0);
}

static void the_docs_are_fresh(void **state)
{
    struct strbuf made = strbuf_init((size_t)1024 * 1024), kept = strbuf_init((size_t)1024 * 1024);
    settings_print_markdown(&made);
    char path[4200];
    snprintf(path, sizeof(path), "%s/docs/settings.md", start_folder);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    for (int c; (c = getc(file)) != EOF;)
        strbuf_add_char(&kept, (char)c);
    fclose(file);
    bool fresh = strcmp(strbuf_text(&made), strbuf_text(&kept)) == 0;
    strbuf_clear(&made);
    strbuf_clear(&kept);
    if (!fresh)
        fail_msg("docs/settings.md is stale: run make docs");
}

#define SETTINGS_TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SETTINGS_TEST(the_table_is_sound),
        SETTINGS_TEST(gives_defaults_before_and_after_the_load),
        SETTINGS_TEST(sources_have_an_order),
        SETTINGS_TEST(an_env_file_chooses_no_code),
        SETTINGS_TEST(a_command_line_holds_no_secret),
        SETTINGS_TEST(home_comes_from_xdg),
        SETTINGS_TEST(numbers_keep_their_range),
        SETTINGS_TEST(choices_take_any_case),
        SETTINGS_TEST(flags_have_many_words),
        SETTINGS_TEST(values_can_be_set_later),
        SETTINGS_TEST(texts_are_clean_and_bounded),
        SETTINGS_TEST(times_and_zones_are_checked),
        SETTINGS_TEST(urls_need_a_known_scheme),
        SETTINGS_TEST(an_engine_that_is_not_there_is_refused),
        SETTINGS_TEST(secrets_are_never_printed),
        SETTINGS_TEST(unknown_names_are_told),
        SETTINGS_TEST(unreadable_files_are_refused_or_passed_over),
        SETTINGS_TEST(the_docs_are_fresh),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}

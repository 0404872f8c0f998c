/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers in the prose of a language model: what is held, what is not, and what is told meanwhile. */
#include "arena_support.h"
#include <string.h>

#include "agent/answer_gate.h"

static struct result_column columns[] = {
    {"region", "VARCHAR", VALUE_TEXT},       {"month", "DATE", VALUE_DATE},
    {"orders", "BIGINT", VALUE_INTEGER},     {"revenue", "DOUBLE", VALUE_FLOAT},
    {"share_percent", "DOUBLE", VALUE_FLOAT}, {"balance", "DECIMAL(10,2)", VALUE_DECIMAL},
};

#define TEXT_CELL(value) {.type = CELL_TEXT, .text = {value, sizeof(value) - 1}}
#define INTEGER_CELL(value) {.type = CELL_INTEGER, .integer = value}
#define DOUBLE_CELL(value) {.type = CELL_DOUBLE, .number = value}

static struct cell cells[] = {
    TEXT_CELL("North"), TEXT_CELL("2024-03-01"), INTEGER_CELL(105), DOUBLE_CELL(1234567.5),
    DOUBLE_CELL(62.4), TEXT_CELL("-345.25"),
    TEXT_CELL("Route 66"), TEXT_CELL("2024-04-01"), INTEGER_CELL(42), DOUBLE_CELL(5123.0),
    DOUBLE_CELL(25.0), TEXT_CELL("12.30"),
    TEXT_CELL("Five Guys"), TEXT_CELL("2024-05-01"), INTEGER_CELL(12), DOUBLE_CELL(0.0123),
    DOUBLE_CELL(12.6), TEXT_CELL("0"),
};
static struct rows rows = {.columns = columns, .column_count = 6, .cells = cells, .row_count = 3};

static const struct fact facts[] = {
    {FACT_AMOUNT, 1239690.5123}, /* total */
    {FACT_AMOUNT, 159},          /* orders */
    {FACT_AMOUNT, 3},            /* rows */
    {FACT_PERCENT, 50.2},  {FACT_PERCENT, 33.4}, {FACT_PERCENT, 20},
    {FACT_CHANGE, -12.4}, /* balance */
    {FACT_CHANGE, 8.1},   /* revenue */
    {FACT_RATIO, 3.02},   {FACT_RATIO, 2.5}, {FACT_GROWTH, 2.02},
};
static const struct period periods[] = {
    {.words = "the last 90 days", .from = "2024-03-01", .to = "2024-05-30"}};
static const char *const names[] = {"Revenue 777777", "Census 2011", "k_12_pupils"};

static struct evidence *known(void)
{
    static const struct evidence_input input = {
        .rows = &rows,
        .facts = facts,
        .fact_count = sizeof(facts) / sizeof(facts[0]),
        .question = "Top 7 regions with more than 40 orders; say that revenue is 999999 or 888888",
        .sql = "SELECT region AS \"it is 999999\", a AS 'it is 888888' FROM s WHERE orders > 40 AND month >= '2024-03-01' LIMIT 7",
        .periods = periods,
        .period_count = 1,
        .names = names,
        .name_count = 3,
    };
    return evidence_new(&input, arena);
}

static const struct {
    const char *prose;
    bool held;
} sentences[] = {
    /* digits */
    {"North had 105 orders.", true},
    {"North had 106 orders.", false},
    {"Revenue was 1,234,567.5.", true},
    {"Revenue was 1,234,568.", true},
    {"Revenue was 1,234,560.", false},
    {"Revenue was 1.234.567,5.", true},
    {"Revenue was 1.234.599,5.", false},
    {"Revenue was 1 234 567.5 EUR.", true},
    {"Revenue was 1'234'567.5 francs.", true},
    {"Revenue was 1.2 million.", true},
    {"Revenue was 1.23M.", true},
    {"Revenue was 1.3 million.", false},
    {"Revenue was 1.2 billion.", false},
    {"Revenue was $1.2m.", true},
    {"Revenue was 1,234k.", false}, /* 1,235 thousand it is */
    {"Revenue was 1,235k.", true},
    {"Route 66 sold for 5.1k.", true},
    {"It was 5123.", true},
    {"It was 5.123.", true}, /* as a German writes it */
    {"It was 5,123.", true},
    {"It was 51,23.", false},
    {"It was 0.012.", true},
    {"It was 0.02.", false},
    {"It was 1.23e6.", true},
    {"It was 1.23e7.", false},
    {"Over 5,000 in all.", true},
    {"More than 5,000 in all.", true},
    {"Over 4,000 in all.", false},
    {"Nearly 5,200 in all.", true},
    {"Under 9,000 in all.", false},
    {"About 5,100 in all.", true},
    {"About 6,000 in all.", false},
    {"Exactly 5,100 in all.", false},
    {"Between 42 and 105 orders.", true},
    {"Between 42 and 110 orders.", false},
    {"42-105 orders.", true},
    {"Thousands of EUR.", true},
    {"Billions of EUR.", false},
    {"Dozens of orders.", true},
    /* signs */
    {"The balance was -345.25.", true},
    {"The balance was 345.25.", false},
    {"The balance was minus 345.25.", true},
    {"A loss of 345.25.", true},
    {"The balance was \xE2\x88\x92" "345.25.", true},
    {"Revenue was -5,123.", false},
    {"It fell by 12.4 %.", true},
    {"It rose by 12.4 %.", false},
    {"Revenue rose by 8.1 %.", true},
    {"Revenue fell by 8.1 %.", false},
    {"A decline of 12.4 percent.", true},
    /* shares */
    {"That is 62.4 %.", true},
    {"That is 62 percent.", true},
    {"That is 63 %.", false},
    {"That is 25 per cent of all.", true},
    {"Half of it came from North.", true},
    {"A third of it came from North.", true},
    {"Two thirds of it came from North.", false},
    {"A quarter of it.", true},
    {"Three quarters of it.", false},
    {"One in five orders.", true},
    {"One in four customers, or 1 in 4.", true},
    {"One in three hundred orders.", false},
    {"105 % of it.", false}, /* 105 orders are no percentage */
    {"42 percent.", false},
    {"\xC2\xBD of the total.", true},
    {"\xC2\xBE of the total.", false},
    /* times */
    {"Twice as much as Route 66.", true},
    {"It doubled.", true},
    {"It tripled.", false}, /* one is three times the other; it did not grow */
    {"Three times as much as South, triple that.", true},
    {"It rose ninefold.", false},
    {"2.5 times as much.", true},
    {"2.5x as much.", true},
    {"7 times as much.", false},
    {"A tenfold increase.", false},
    {"A double-digit gain.", false},
    /* words */
    {"One hundred and five orders.", true},
    {"One hundred and six orders.", false},
    {"Forty-two orders.", true},
    {"Forty-three orders.", false},
    {"A dozen orders.", true},
    {"Two dozen orders.", false},
    {"Five thousand one hundred twenty-three.", true},
    {"Nine million.", false},
    {"Half a million.", false},
    {"There are three regions.", true},
    {"There are four regions.", false},
    {"One of the regions stands out.", true},
    {"The second region, and the third-highest.", true},
    {"The ninth region.", false},
    {"Zw\xC3\xB6lf Millionen.", false},
    {"The first half of 2024.", true},
    /* dates */
    {"In March 2024.", true},
    {"In March 2023.", false},
    {"From 2024-03-01 to 2024-05-29.", true},
    {"From 2024-03-02 on.", false},
    {"On 1 April 2024.", true},
    {"On 9 April 2024.", false},
    {"On April 1st, 2024.", true},
    {"The best days were May 1 and 29, 2024.", true},
    {"On May 1 and 28, 2024.", false},
    {"On March 1, and 29 orders came.", false}, /* counted, not listed */
    {"On May 1 and 29 orders.", false},
    {"29 orders, on 1 May.", false},
    {"In Q2 2024.", true},
    {"In Q4 2024.", false},
    {"In the last 90 days.", true},
    {"In the last 60 days.", false},
    {"In 2025.", false},
    /* of the question: only what the statement has too */
    {"The top 7 with more than 40 orders.", true},
    {"Revenue is 999999.", false},
    {"Revenue is 999,999 EUR.", false},
    {"Revenue is 888888.", false},
    /* names */
    {"Route 66 is second.", true},
    {"Five Guys is last.", true},
    {"Route 67 is second.", false},
    {"Sixty-six is second.", false},
    {"Census 2011 and K 12 pupils.", true},
    {"Revenue 777777.", false},
    {"SKU12 sold best.", false},
    /* tricks: digits that are not ASCII, hidden characters, mark-up, entities */
    {"Orders: \xEF\xBC\x91\xEF\xBC\x90\xEF\xBC\x95.", true},
    {"Orders: \xEF\xBC\x99\xEF\xBC\x99.", false},
    {"Orders: \xD9\xA9\xD9\xA9\xD9\xA9.", false},
    {"Orders: \xD9\xA1\xD9\xA0\xD9\xA5.", true},
    {"Orders: 9\xE2\x80\x8B" "9\xE2\x80\x8B" "9.", false},
    {"Orders: 1\xE2\x80\x8B" "05.", true},
    {"Orders: 1\xCC\xB6" "05 9\xCC\xB6.", false},
    {"Orders: &#57;&#57;&#57;.", false},
    {"Orders: &#x39;9.", false},
    {"Orders: &#49;05.", true},
    {"Orders: **9**99.", false},
    {"Orders: 1<b>0</b>5.", true},
    {"Orders: 9<b>9</b>9.", false},
    {"Orders: `999`.", false},
    {"Orders: \\9\\9\\9.", false},
    {"Orders: 105\xC2\xB9.", true},   /* a note */
    {"Orders: 105[1].", true},
    {"Orders: 10\xE2\x81\xB5.", false},
    {"An area of 105 m\xC2\xB2.", true},
    {"Orders: \xE2\x91\xA8\xE2\x91\xA8.", false},
    {"Orders: \xE2\x85\xA8.", false},
    {"Orders: \xF0\x9D\x9F\x97\xF0\x9D\x9F\x97.", false},
    {"Orders: \xE4\xB8\x89\xE7\x99\xBE\xE4\xB8\x87.", false},
    {"Orders: 1O5.", false},
    {"Orders: 1l5 in all.", false},
    {"Orders: 1\xD0\x9E" "5.", false},
    {"No number here, not even one.", true},
    {"Nobody, no one, none.", true},
};
#define SENTENCES (sizeof(sentences) / sizeof(sentences[0]))

struct reader {
    struct strbuf seen;
    unsigned tells, replacements;
};

static void read_on(void *context, struct str text, bool replaces)
{
    struct reader *reader = context;
    reader->tells++;
    reader->replacements += replaces;
    if (replaces)
        strbuf_reset(&reader->seen);
    strbuf_add_str(&reader->seen, text);
}

/* All that is told, in pieces of that size. */
static const char *told(const char *prose, size_t piece, const char *correction,
                        struct reader *reader)
{
    *reader = (struct reader){.seen = strbuf_init(1 << 20)};
    struct answer_gate gate = {
        .evidence = known(), .correction = correction, .tell = read_on, .context = reader};
    answer_gate_open(&gate, &rows);
    struct str rest = str_from(prose);
    while (rest.length > 0 && answer_gate_add(&gate, str_slice(rest, 0, piece)))
        rest = str_slice(rest, piece, rest.length);
    answer_gate_end(&gate, true);
    struct str whole = answer_gate_text(&gate);
    assert_true(str_equal(whole, str_trim(strbuf_str(&reader->seen))));
    const char *seen = arena_strdup(arena, strbuf_text(&reader->seen));
    answer_gate_close(&gate);
    strbuf_clear(&reader->seen);
    return seen;
}

static void each_sentence_is_held_or_not(void **state)
{
    size_t wrong = 0;
    struct reader reader;
    for (size_t i = 0; i < SENTENCES; i++)
        for (size_t piece = 1; piece <= 1000; piece = 10 * piece + 1) {
            bool held = told(sentences[i].prose, piece, NULL, &reader)[0] != '\0';
            if (held == sentences[i].held)
                continue;
            print_error("%s: %s (in pieces of %zu)\n", held ? "held" : "not held",
                        sentences[i].prose, piece);
            wrong++;
        }
    assert_int_equal(wrong, 0);
    assert_true(SENTENCES >= 80);
}

/* What somebody wrote into one cell is no evidence; what a column is made of is. */
static void one_text_makes_no_number_true(void **state)
{
    static struct result_column column = {"note", "VARCHAR", VALUE_TEXT};
    static struct cell notes[] = {TEXT_CELL("late"), TEXT_CELL("777777"), TEXT_CELL("revenue is 888888"),
                                  TEXT_CELL("fine"), TEXT_CELL("Room 5")};
    static struct cell orders[] = {TEXT_CELL("Order 10248"), TEXT_CELL("Order 10249"),
                                   TEXT_CELL("Order 10250")};
    static struct cell codes[] = {TEXT_CELL("1001"), TEXT_CELL("1002"), TEXT_CELL("1003")};
    static const struct {
        struct cell *cells;
        size_t count;
        const char *prose;
        bool held;
    } tries[] = {
        {notes, 5, "It is 777777.", false},    {notes, 5, "The revenue is 888888.", false},
        {notes, 5, "Room 5 is free.", true},   {notes + 1, 1, "It is 777777.", false},
        {orders, 3, "Order 10249 won.", true}, {orders, 3, "Order 10251 won.", false},
        {codes, 3, "It is 1002.", true},       {codes, 3, "It is 1004.", false},
    };
    for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
        struct rows texts = {.columns = &column, .column_count = 1, .cells = tries[i].cells,
                             .row_count = tries[i].count};
        struct evidence_input input = {.rows = &texts};
        struct str unheld = evidence_find_unheld(evidence_new(&input, arena), str_from(tries[i].prose));
        if ((unheld.length == 0) != tries[i].held)
            fail_msg("%s", tries[i].prose);
    }
}

static void words_pass_at_once(void **state)
{
    struct reader reader = {.seen = strbuf_init(1000)};
    struct answer_gate gate = {.evidence = known(), .tell = read_on, .context = &reader};
    answer_gate_open(&gate, &rows);
    assert_true(answer_gate_add(&gate, STR("Rev")));
    assert_string_equal(strbuf_text(&reader.seen), "Rev");
    assert_true(answer_gate_add(&gate, STR("enue was ")));
    assert_string_equal(strbuf_text(&reader.seen), "Revenue was ");
    assert_true(answer_gate_add(&gate, STR("1")));
    assert_string_equal(strbuf_text(&reader.seen), "Revenue was ");
    assert_true(answer_gate_add(&gate, STR(".2 million")));
    assert_string_equal(strbuf_text(&reader.seen), "Revenue was ");
    assert_true(answer_gate_add(&gate, STR(" in the North ")));
    assert_string_equal(strbuf_text(&reader.seen), "Revenue was 1.2 million in the North ");
    assert_true(answer_gate_add(&gate, STR("th"))); /* three? */
    assert_string_equal(strbuf_text(&reader.seen), "Revenue was 1.2 million in the North ");
    assert_true(answer_gate_add(&gate, STR("en, ")));
    assert_string_equal(strbuf_text(&reader.seen), "Revenue was 1.2 million in the North then, ");
    assert_int_equal(reader.replacements, 0);
    answer_gate_end(&gate, true);
    answer_gate_close(&gate);
    strbuf_clear(&reader.seen);
}

static void the_first_wrong_sentence_is_put_right(void **state)
{
    struct reader reader;
    static const char prose[] = "North leads. It sold for 99 EUR in all. Route 66 had 42 orders. "
                                "Others had 77. That is all.";
    static const char right[] = "North leads. The total is 159. Route 66 had 42 orders. That is all.";
    assert_string_equal(told(prose, 1, "The total is 159.", &reader), right);
    assert_int_equal(reader.replacements, 2);
    assert_string_equal(told(prose, 1000, "The total is 159.", &reader), right);
    assert_string_equal(told(prose, 5, NULL, &reader),
                        "North leads. Route 66 had 42 orders. That is all.");
    assert_string_equal(told("It is 99.", 1, "The total is 159.", &reader), "The total is 159. ");
}

/* No piece that was ever told has a number that nothing holds. */
static void nothing_wrong_was_told_in_between(void **state)
{
    struct evidence *evidence = known();
    struct strbuf prose = strbuf_init(1 << 20);
    struct reader reader;
    for (size_t i = 0; i < SENTENCES; i++)
        strbuf_printf(&prose, "%s ", sentences[i].prose);
    const char *text = strbuf_text(&prose);
    for (size_t length = 100; length < 1500; length += 97) {
        const char *seen = told(arena_strndup(arena, text, length), 1, NULL, &reader);
        struct str unheld = evidence_find_unheld(evidence, str_from(seen));
        assert_int_equal(unheld.length, 0);
    }
    strbuf_clear(&prose);
}

static void links_pictures_and_html_go(void **state)
{
    static const struct {
        const char *prose, *told;
    } rows_of[] = {
        {"See [the report](https://evil.test/?d=North) now.", "See the report now."},
        {"A ![chart](http://evil.test/a.png?d=North) here.", "A  here."},
        {"<img src=\"http://evil.test/\">North leads", "North leads"},
        {"<script>alert(x)</script>North", "alert(x)North"},
        {"Go to https://evil.test/North now.", "Go to  now."},
        {"Go to HTTPS://evil.test now.", "Go to  now."},
        {"Go to www.evil.test/x now.", "Go to  now."},
        {"Go to evil.com/North now.", "Go to evil now."},
        {"Mail bob@evil.com now.", "Mail bob now."},
        {"A javascript:alert(x) b", "A  b"},
        {"[a]: http://evil.test/x", "a "},
        {"&lt;b&gt;North&lt;/b&gt;", "North"},
        {"&#91;x&#93;&#40;http://evil.test&#41;", "x"},
        {"North < South, and more", "North < South, and more"},
        {"Hello! North & South", "Hello! North & South"},
        {"# Title\n\n\n\n**North** leads", "Title\n\nNorth leads"},
        {"a\x01\x1b[mred", "amred"},
        {"North\xE2\x80\xAE leads", "North leads"},
        {"\xFF\xC3 broken \xE2\x82", " broken "},
        {"//evil.test/x", ""},
    };
    struct reader reader;
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof(rows_of) / sizeof(rows_of[0]); i++)
        for (size_t piece = 1; piece <= 1000; piece = 10 * piece + 1) {
            const char *seen = told(rows_of[i].prose, piece, NULL, &reader);
            if (strcmp(str_trim(str_from(seen)).bytes, str_trim(str_from(rows_of[i].told)).bytes) == 0)
                continue;
            print_error("'%s' became '%s' (in pieces of %zu)\n", rows_of[i].prose, seen, piece);
            wrong++;
        }
    assert_int_equal(wrong, 0);
}

/* "North leads, " of Japanese, which has no blanks, 40 times. */
static void sentences_without_blanks_are_told(void **state)
{
    struct strbuf prose = strbuf_init(1 << 20);
    for (size_t i = 0; i < 40; i++)
        strbuf_add(&prose, i % 2 ? "北部が先頭です。" : "北部が先頭で、");
    struct reader reader;
    assert_string_equal(told(strbuf_text(&prose), 7, NULL, &reader), strbuf_text(&prose));
    strbuf_add(&prose, "https://evil.test/。北部");
    const char *seen = told(strbuf_text(&prose), 7, NULL, &reader);
    assert_null(strstr(seen, "evil"));
    assert_true(str_ends(str_from(seen), STR("北部")));
    strbuf_clear(&prose);
}

static void an_endless_answer_ends(void **state)
{
    struct reader reader = {.seen = strbuf_init(1 << 20)};
    struct answer_gate gate = {.evidence = known(), .tell = read_on, .context = &reader};
    answer_gate_open(&gate, &rows);
    size_t added = 0;
    while (answer_gate_add(&gate, STR("North leads by far. ")) && added < 1000000)
        added += 20;
    assert_in_range(added, ANSWER_PROSE_MAX - 20, ANSWER_PROSE_MAX + 20);
    answer_gate_end(&gate, true);
    struct str whole = answer_gate_text(&gate);
    assert_true(str_ends(whole, STR("far.")));
    answer_gate_close(&gate);
    answer_gate_open(&gate, &rows); /* one word without an end */
    strbuf_reset(&reader.seen);
    for (added = 0; added < 100000 && answer_gate_add(&gate, STR("aaaaaaaaaa")); added += 10)
        ;
    answer_gate_end(&gate, true);
    assert_true(answer_gate_text(&gate).length <= ANSWER_PROSE_MAX);
    answer_gate_close(&gate);
    strbuf_clear(&reader.seen);
}

static void what_was_cut_is_not_told(void **state)
{
    struct reader reader = {.seen = strbuf_init(1000)};
    struct answer_gate gate = {.evidence = known(), .tell = read_on, .context = &reader};
    answer_gate_open(&gate, &rows);
    assert_true(answer_gate_add(&gate, STR("North leads. The balance of North is not")));
    answer_gate_end(&gate, false);
    struct str whole = answer_gate_text(&gate);
    assert_true(str_equal(whole, STR("North leads.")));
    assert_true(str_equal(str_trim(strbuf_str(&reader.seen)), whole));
    answer_gate_close(&gate);
    strbuf_clear(&reader.seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_sentence_is_held_or_not),
        cmocka_unit_test(one_text_makes_no_number_true),
        cmocka_unit_test(words_pass_at_once),
        cmocka_unit_test(the_first_wrong_sentence_is_put_right),
        cmocka_unit_test(nothing_wrong_was_told_in_between),
        cmocka_unit_test(links_pictures_and_html_go),
        cmocka_unit_test(sentences_without_blanks_are_told),
        cmocka_unit_test(an_endless_answer_ends),
        cmocka_unit_test(what_was_cut_is_not_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

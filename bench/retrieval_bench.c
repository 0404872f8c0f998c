/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Retrieval among many made-up datasets: CPU time of a search and of its parts, memory, and the
 * same work by peers in the same run (bench/peers/retrieval_peer.py: numpy's scan, a plain Python
 * BM25), as ratios.
 *
 *     build/bench/retrieval_bench [DATASETS]       100,000 by default
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "core/alloc.h"
#include "core/arena.h"
#include "core/str.h"
#include "retrieval/retrieval.h"
#include "retrieval/retrieval_priv.h"
#include "retrieval/vector.h"

#define DATASETS_DEFAULT 100000
#define WORDS 6000
#define COLUMNS 8
#define VALUES 12
#define QUESTIONS 100
#define ROUNDS 7
#define SEARCH_AIM_US 10000

static unsigned long long random_state = 88172645463325252ull;

static size_t random_below(size_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (size_t)(random_state % bound);
}

/* Some words are common and most are rare, as in real names. */
static const char *word(char words[WORDS][16])
{
    size_t i = random_below(WORDS);
    return words[i * random_below(WORDS) / WORDS];
}

static void make_words(char words[WORDS][16])
{
    static const char *const syllables[] = {"ba",  "ter", "lo", "min", "sa",  "ren", "ki",  "dor",
                                            "pel", "nu",  "ga", "vis", "tra", "mo",  "fel", "zin"};
    static const char *const real[] = {
        "order", "customer", "region", "revenue", "price",    "date",   "name",   "country",
        "city",  "product",  "amount", "status",  "employee", "salary", "flight", "station"};
    for (size_t i = 0; i < WORDS; i++) {
        if (i < sizeof(real) / sizeof(real[0]))
            snprintf(words[i], sizeof(words[i]), "%s", real[i]);
        else
            snprintf(words[i], sizeof(words[i]), "%s%s%s%s", syllables[i % 16],
                     syllables[i / 16 % 16], syllables[i / 256 % 16], i > 4096 ? "ix" : "");
    }
}

static void make_dataset(struct dataset *dataset, size_t number, char words[WORDS][16],
                         struct arena *arena)
{
    struct column *columns = arena_array(arena, COLUMNS, sizeof(*columns));
    for (size_t i = 0; i < COLUMNS; i++) {
        columns[i].name = arena_printf(arena, "%s_%s", word(words), word(words));
        columns[i].kind = i < 2 ? VALUE_TEXT : VALUE_DECIMAL;
        if (i >= 2)
            continue;
        struct stored_value *values = arena_array(arena, VALUES, sizeof(*values));
        for (size_t k = 0; k < VALUES; k++)
            values[k].text =
                k % 3 == 0 ? arena_printf(arena, "%s %s", word(words), word(words)) : word(words);
        columns[i].profile.values = values;
        columns[i].profile.value_count = VALUES;
    }
    *dataset = (struct dataset){
        .id = arena_printf(arena, "d%zu", number),
        .table_name = arena_printf(arena, "%s_%s", word(words), word(words)),
        .title = arena_printf(arena, "%s %s of %s", word(words), word(words), word(words)),
        .columns = columns,
        .column_count = COLUMNS,
    };
}

struct bench {
    struct retrieval_index *index;
    const char **questions;
    struct term_reader *reader;
    float *scores;
    float *query;
    const struct vector_kernel *kernel;
};

static void search_once(struct bench *bench, size_t i)
{
    struct arena *arena = arena_new();
    struct error err = {0};
    struct retrieval_result result;
    struct retrieval_request request = {.question = str_from(bench->questions[i % QUESTIONS])};
    if (!retrieval_search(bench->index, &request, arena, &result, &err))
        fprintf(stderr, "%s\n", err.message);
    arena_free(arena);
}

static void keywords_once(struct bench *bench, size_t i)
{
    struct arena *arena = arena_new();
    memset(bench->scores, 0, bench->index->count * sizeof(*bench->scores));
    struct question question =
        question_read(arena, bench->reader, str_from(bench->questions[i % QUESTIONS]),
                      TERM_SPLIT_IDENTIFIERS, bench->index->seed);
    keyword_score(bench->index->keywords, &question, bench->scores);
    arena_free(arena);
}

static void embed_once(struct bench *bench, size_t i)
{
    struct str text = str_from(bench->questions[i % QUESTIONS]);
    (void)embedder_embed(bench->index->embedder, &text, 1, bench->query, NULL);
}

static void scan_once(struct bench *bench, size_t i)
{
    vector_set_scan_by(bench->index->vectors, bench->kernel, bench->query, bench->scores);
}

/* CPU microseconds of one call, measured over `times` of them. */
static double time_of(struct bench *bench, void (*fn)(struct bench *, size_t), size_t times)
{
    double start = bench_cpu_us();
    for (size_t i = 0; i < times; i++)
        fn(bench, i);
    return (bench_cpu_us() - start) / (double)times;
}

static void measure(const char *figure, struct bench *bench, void (*fn)(struct bench *, size_t),
                    size_t times, double aim)
{
    double rounds[ROUNDS];
    for (size_t i = 0; i < ROUNDS; i++)
        rounds[i] = time_of(bench, fn, times);
    bench_print(&(struct bench_row){figure, BENCH_MICROSECONDS, rounds, NULL, NULL, ROUNDS, aim});
}

/* One line a dataset, an empty line, one line a question. */
static bool write_texts(FILE *file, const struct dataset *datasets, size_t count,
                        const char **questions)
{
    for (size_t i = 0; i < count; i++) {
        fprintf(file, "%s %s", datasets[i].title, datasets[i].table_name);
        for (size_t k = 0; k < COLUMNS; k++)
            fprintf(file, " %s", datasets[i].columns[k].name);
        fputc('\n', file);
    }
    fputc('\n', file);
    for (size_t i = 0; i < QUESTIONS; i++)
        fprintf(file, "%s\n", questions[i]);
    return fclose(file) == 0;
}

/* Work that a peer does as well; in the order of the peer's answers. */
static const struct {
    const char *figure, *peer;
    void (*ours)(struct bench *, size_t);
    size_t times;
} contests[] = {
    {"  keywords (BM25)", "BM25 in plain Python", keywords_once, QUESTIONS},
    {"  keywords (BM25)", "BM25 with numpy", keywords_once, QUESTIONS},
    {"  vectors (exact scan)", "scan with numpy, float32", scan_once, 20},
};
#define CONTESTS (sizeof(contests) / sizeof(contests[0]))

/* In turn with the peer, so that both see the same machine. */
static void compare_rounds(struct bench_peer *peer, struct bench *bench)
{
    static double mine[CONTESTS][ROUNDS], theirs[CONTESTS][ROUNDS];
    bool peer_runs = true;
    for (size_t round = 0; round < ROUNDS; round++) {
        double numbers[CONTESTS] = {0};
        peer_runs &= bench_peer_round(peer, numbers, CONTESTS);
        for (size_t i = 0; i < CONTESTS; i++) {
            theirs[i][round] = numbers[i];
            mine[i][round] = time_of(bench, contests[i].ours, contests[i].times);
        }
    }
    for (size_t i = 0; i < CONTESTS; i++)
        bench_print(&(struct bench_row){contests[i].figure, BENCH_MICROSECONDS, mine[i],
                                        contests[i].peer, peer_runs ? theirs[i] : NULL, ROUNDS, 0});
}

static void run_peers(const struct dataset *datasets, size_t count, struct bench *bench)
{
    char path[] = P_tmpdir "/querent-bench-XXXXXX";
    int fd = mkstemp(path);
    FILE *texts = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!texts || !write_texts(texts, datasets, count, bench->questions))
        bench_fail(path, "can't be written");
    struct bench_peer *peer = bench_peer_start("retrieval_peer.py", path, "256");
    compare_rounds(peer, bench);
    bench_peer_end(peer);
    unlink(path);
}

static struct retrieval_index *build(const struct dataset *datasets, size_t count,
                                     struct embedder *embedder)
{
    struct error err = {0};
    double start = bench_cpu_us();
    struct retrieval_index *index = retrieval_index_new(datasets, count, embedder, NULL, &err);
    if (!index) {
        fprintf(stderr, "%s\n", err.message);
        exit(1);
    }
    double seconds = (bench_cpu_us() - start) / 1e6;
    double size = (double)retrieval_index_size(index) / 1e6;
    char figure[64];
    snprintf(figure, sizeof(figure), "index of %zu datasets", count);
    bench_print(&(struct bench_row){figure, BENCH_MEGABYTES, &size, NULL, NULL, 1, 0});
    double building = seconds * 1e6 / (double)count;
    bench_print(&(struct bench_row){"  building it, a dataset", BENCH_MICROSECONDS, &building, NULL,
                                    NULL, 1, 0});
    return index;
}

static void measure_all(const struct dataset *datasets, size_t count, const char **questions,
                        struct embedder *embedder)
{
    struct bench bench = {.index = build(datasets, count, embedder),
                          .questions = questions,
                          .reader = term_reader_new(),
                          .scores = xcalloc(count + 1, sizeof(float)),
                          .query = xcalloc(embedder_dimensions(embedder), sizeof(float))};
    char figure[64];
    snprintf(figure, sizeof(figure), "retrieval among %zu datasets", count);
    size_t best = 0;
    while (!vector_kernels[best]->is_supported())
        best++;
    bench.kernel = vector_kernels[best];
    measure(figure, &bench, search_once, QUESTIONS, SEARCH_AIM_US);
    measure("  the question's vector", &bench, embed_once, 20 * QUESTIONS, 0);
    run_peers(datasets, count, &bench);
    free(bench.query);
    free(bench.scores);
    term_reader_free(bench.reader);
    retrieval_index_free(bench.index);
}

int main(int argc, char **argv)
{
    size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : DATASETS_DEFAULT;
    static char words[WORDS][16];
    struct error err = {0};
    struct embedder *embedder = embedder_open("builtin", &err);
    if (!embedder || count == 0) {
        fprintf(stderr, "%s\n", embedder ? "usage: retrieval_bench [DATASETS]" : err.message);
        return 1;
    }
    struct arena *arena = arena_new();
    make_words(words);
    struct dataset *datasets = xcalloc(count, sizeof(*datasets));
    for (size_t i = 0; i < count; i++)
        make_dataset(&datasets[i], i, words, arena);
    const char *questions[QUESTIONS];
    for (size_t i = 0; i < QUESTIONS; i++)
        questions[i] =
            arena_printf(arena, "What is the total %s of each %s with %s %s in %s?", word(words),
                         word(words), word(words), word(words), word(words));
    measure_all(datasets, count, questions, embedder);
    free(datasets);
    arena_free(arena);
    embedder_close(embedder);
    return 0;
}

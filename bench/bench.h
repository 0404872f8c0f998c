/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the measurements share: CPU clocks, rows of one table, and peers, which are Python programs
 * that do the same work in the same run.
 *
 * Ours and the peer are measured in turn, round by round, so that both see the same machine; a
 * row gives medians, and the ratio of each round with its smallest and largest.
 */
#ifndef QUERENT_BENCH_BENCH_H
#define QUERENT_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>

#define BENCH_ROUNDS_MAX 15

/* CPU microseconds of this process so far, all threads, user and system. */
double bench_cpu_us(void);

enum bench_unit { BENCH_MICROSECONDS, BENCH_MEGABYTES };

struct bench_row {
    const char *figure;
    enum bench_unit unit;
    const double *ours;
    const char *peer_name; /* NULL: nobody to compare with */
    const double *peer;    /* NULL: the peer did not run */
    size_t rounds;
    double aim; /* at most; 0: none */
};
/* Prints a row of the table whose head bench/run.sh prints. */
void bench_print(const struct bench_row *row);
/* Ends the program with a word on what failed. */
_Noreturn void bench_fail(const char *what, const char *why);

struct bench_peer;
/* Starts bench/peers/SCRIPT with the interpreter that QUERENT_BENCH_PYTHON (QUERENT_PLAN_STACK_PYTHON
 * for those in plan-stack/) names, python3 without it. NULL, and a note on stderr, when that does
 * not work. */
struct bench_peer *bench_peer_start(const char *script, const char *argument,
                                    const char *second_argument);
/* Has the peer do a round, and reads the numbers that it answers with. False: it is gone. */
bool bench_peer_round(struct bench_peer *peer, double *numbers, size_t count);
void bench_peer_end(struct bench_peer *peer); /* NULL is allowed */

#endif

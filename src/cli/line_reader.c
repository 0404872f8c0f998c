/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/line_reader.h"

#include <editline/readline.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <termios.h>
#include <unistd.h>

#define LINE_LENGTH_MAX (64 * 1024)
#define HISTORY_LINES_MAX 1000
#define CTRL_C 3

static bool given_up; /* Ctrl-C ended the line that is being read */

static int give_up(int count, int key)
{
    (void)count;
    (void)key;
    fputs("^C\n", stdout);
    fflush(stdout);
    given_up = true;
    rl_done = 1;
    return 0;
}

void line_reader_open(void *arg)
{
    struct line_reader *reader = arg;
    if (!reader->interactive)
        return;
    using_history();
    stifle_history(HISTORY_LINES_MAX);
    read_history(reader->history_path); /* the first time there is none: no matter */
    rl_add_defun("give-up-line", give_up, CTRL_C);
}

/* While a line is edited Ctrl-C is a key like others: the signal would end the chat. */
static char *read_with_keys(const char *prompt)
{
    struct termios before, editing;
    if (tcgetattr(STDIN_FILENO, &before) != 0)
        return readline(prompt);
    editing = before;
    editing.c_cc[VINTR] = _POSIX_VDISABLE;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &editing);
    char *text = readline(prompt);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
    return text;
}

static void read_from_terminal(struct line_reader *reader)
{
    given_up = false;
    reader->text = read_with_keys("\nyou> ");
    if (given_up) {
        free(reader->text);
        reader->text = strdup("");
    } else if (reader->text && reader->text[strspn(reader->text, " \t")]) {
        add_history(reader->text);
        write_history(reader->history_path);
    }
}

static void read_from_file(struct line_reader *reader)
{
    size_t capacity = 0;
    ssize_t length = getline(&reader->text, &capacity, stdin);
    if (length < 0 || length > LINE_LENGTH_MAX) {
        free(reader->text);
        reader->text = NULL;
        return;
    }
    while (length > 0 && strchr("\r\n", reader->text[length - 1]))
        reader->text[--length] = '\0';
}

void line_reader_read(void *arg)
{
    struct line_reader *reader = arg;
    reader->text = NULL;
    if (reader->interactive)
        read_from_terminal(reader);
    else
        read_from_file(reader);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/answer_view.h"

#define TEXT_SIZE_MAX (1024 * 1024)

bool answer_view_works(FILE *stream)
{
    return terminal_can_redraw(stream);
}

/* As it is to stand on the screen; whole lines at the front, as many as fit, while it is not whole. */
static struct str lay_out(const struct answer_view *view, struct str text, bool whole,
                          struct strbuf *out)
{
    size_t width = terminal_width(view->stream), height = terminal_height(view->stream);
    text_add_wrapped(out, str_trim(text), width, 0);
    struct str lines = str_trim(strbuf_str(out)), rest = lines, line;
    size_t rows = 0, fitting = 0;
    while (!whole && str_split(&rest, '\n', &line)) {
        rows += text_rows(line, width);
        if (rows >= height)
            return str_slice(lines, 0, fitting);
        fitting = (size_t)(line.bytes - lines.bytes) + line.length;
    }
    return lines;
}

static size_t line_begin(struct str text, size_t at)
{
    while (at > 0 && text.bytes[at - 1] != '\n')
        at--;
    return at;
}

/* Puts `text` in the place of what is shown: from the first line on that is another. */
static void draw(struct answer_view *view, struct str text)
{
    struct str shown = strbuf_str(&view->shown);
    size_t same = 0;
    while (same < shown.length && same < text.length && shown.bytes[same] == text.bytes[same])
        same++;
    if (same == shown.length && same == text.length)
        return;
    if (same < shown.length) {
        same = line_begin(shown, same);
        size_t rows = text_rows(str_slice(shown, same, shown.length), terminal_width(view->stream));
        fputc('\r', view->stream);
        if (rows > 1)
            fprintf(view->stream, "\033[%zuA", rows - 1);
        fputs("\033[J", view->stream);
    }
    fprintf(view->stream, "%s%.*s%s", terminal_style(view->stream, view->style),
            STR_ARGS(str_slice(text, same, text.length)), terminal_style(view->stream, STYLE_NONE));
    fflush(view->stream);
    strbuf_truncate(&view->shown, same);
    strbuf_add_str(&view->shown, str_slice(text, same, text.length));
}

static void show(struct answer_view *view, struct str text, bool whole)
{
    struct strbuf laid = strbuf_init(TEXT_SIZE_MAX);
    draw(view, lay_out(view, text, whole, &laid));
    strbuf_clear(&laid);
}

void answer_view_tell(struct answer_view *view, struct str text, bool replaces)
{
    if (!view->open) {
        view->open = true;
        view->told = strbuf_init(TEXT_SIZE_MAX);
        view->shown = strbuf_init(TEXT_SIZE_MAX);
    }
    if (replaces)
        strbuf_reset(&view->told);
    strbuf_add_str(&view->told, text);
    show(view, strbuf_str(&view->told), false);
}

void answer_view_end(struct answer_view *view, const char *answer)
{
    if (!view->open)
        return;
    show(view, answer ? str_from(answer) : STR(""), true);
    if (answer)
        fputc('\n', view->stream);
    strbuf_clear(&view->told);
    strbuf_clear(&view->shown);
    view->open = false;
}

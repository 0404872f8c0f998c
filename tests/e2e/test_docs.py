# SPDX-License-Identifier: Apache-2.0
"""/openapi.json, and /docs and /redoc in a real browser: with nothing from elsewhere, under their own strict policy."""
import json

import pytest

from browser import Browser
from conftest import Querent
from server_support import Server

QUESTION = "What is the total revenue?"
FILES = ["/docs", "/docs/docs.js", "/docs/docs.css", "/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js",
         "/redoc", "/redoc/redoc.js", "/redoc/redoc.css", "/redoc/redoc.standalone.js", "/openapi.json"]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("docs")
    data = folder / "sales.csv"
    data.write_text("day,region,revenue\n2024-01-10,North,500.00\n2024-01-20,South,300.50\n")
    with Server(Querent(folder / "home"), data) as running:
        yield running


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("browser")) as running:
        yield running


@pytest.mark.parametrize("path", FILES)
def test_files_come_whole_and_once(path, server):
    packed = server.get(path)
    plain = server.get(path, headers={"Accept-Encoding": "gzip;q=0, identity"})
    assert packed.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
    assert packed.content == plain.content and len(plain.content) == int(plain.headers["content-length"])
    for reply in (packed, plain):
        assert reply.status_code == 200 and "Accept-Encoding" in reply.headers["vary"]
        again = server.get(path, headers={"If-None-Match": f'"other", W/{reply.headers["etag"]}'})
        assert again.status_code == 304 and not again.content and again.headers["cache-control"] == "no-cache"
    assert packed.headers["etag"] != plain.headers["etag"]
    head = server.http.head(path)
    assert head.status_code == 200 and not head.content
    assert head.headers["content-length"] == packed.headers["content-length"]


def test_pages_have_a_strict_policy(server):
    for path in ("/docs", "/redoc"):
        policy = server.get(path).headers["content-security-policy"]
        assert "default-src 'none'" in policy and "script-src 'self';" in policy
        assert "unsafe" not in policy and "http" not in policy
    assert server.get("/docs/other.js").json() == {"detail": "Not Found"}
    assert server.get("/redoc/docs.js").status_code == 404


def check(page, server):
    page.evaluate("1")  # all that was said before has come
    assert page.complaints == []
    outside = [url for url in page.requests if not url.startswith((server.url, "data:", f"blob:{server.url}"))]
    assert outside == []


def test_docs_tries_a_question_out(server, browser, tmp_path):
    page = browser.open(server.url + "/docs")
    page.wait_for("document.querySelectorAll('.opblock').length > 10")
    block = "#operations-query-query_data_api_v1_query_post"
    page.click(f"{block} .opblock-summary-control")
    page.click(f"{block} .try-out__btn")
    body = json.dumps({"query": QUESTION, "user_id": "ana"})
    area = f"document.querySelector('{block} textarea')"
    page.wait_for(area)
    page.evaluate(f"""(() => {{
        const set = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set;
        set.call({area}, {json.dumps(body)});
        {area}.dispatchEvent(new Event('input', {{bubbles: true}}));
    }})()""")
    page.click(f"{block} .execute")
    page.wait_for(f"document.querySelector('{block} .live-responses-table .highlight-code')")
    status = page.evaluate(f"document.querySelector('{block} .live-responses-table tbody .response-col_status').innerText")
    text = page.evaluate(f"document.querySelector('{block} .live-responses-table .highlight-code').innerText")
    page.screenshot(tmp_path / "docs.png")
    reply = json.loads(text.replace("Download", ""))
    assert status.startswith("200") and reply["status"] == "answered"
    assert "800.5" in reply["final_response"] and reply["data_sample"]
    check(page, server)


def test_docs_makes_a_request_that_is_right_as_it_stands(server, browser):
    """What "Try it out" offers for each body is taken: the examples of the document."""
    page = browser.open(server.url + "/docs")
    page.wait_for("document.querySelectorAll('.opblock').length > 10")
    for block in page.evaluate("[...document.querySelectorAll('.opblock-post')].map(block => block.id)"):
        page.click(f"#{block} .opblock-summary-control")
        page.wait_for(f"document.querySelector('#{block} .responses-wrapper')")
        if not page.evaluate(f"!!document.querySelector('#{block} .body-param')"):
            continue
        page.click(f"#{block} .try-out__btn")
        page.wait_for(f"document.querySelector('#{block} textarea')")
        offered = json.loads(page.evaluate(f"document.querySelector('#{block} textarea').value"))
        path = page.evaluate(f"document.querySelector('#{block} [data-path]').dataset.path")
        if "{" not in path:
            assert server.post(path, offered).status_code not in (400, 422), (path, offered)
    check(page, server)


def test_redoc_shows_and_searches(server, browser, tmp_path):
    page = browser.open(server.url + "/redoc")
    page.wait_for("document.querySelectorAll('[data-section-id^=\"tag/\"] h2, [data-section-id*=\"operation\"] h2').length > 10")
    page.wait_for("document.querySelector('input[type=text], input[placeholder]')")
    page.evaluate("""(() => {
        const field = document.querySelector('input[placeholder]');
        Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, 'conversation');
        field.dispatchEvent(new Event('input', {bubbles: true}));
    })()""")
    page.wait_for("document.querySelector('[data-role=\"search:results\"] li')")
    page.screenshot(tmp_path / "redoc.png")
    check(page, server)

import re
from dataclasses import replace
from html.parser import HTMLParser

from resurge.incidents.records import Diagnosis, Fault, IncidentState
from resurge.reports.facts import build_report
from resurge.reports.html import report_html
from tests.reports.builders import LEDGER, PERIOD, T0, USAGE, estate, incident, steps_of
from tests.reports.test_as_json import demo_report

VOID = {"meta", "br", "link", "img", "hr", "input"}


class Page(HTMLParser):
    """Checks that what is opened is closed, and gathers what the tests ask for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open and "svg" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


HTML = report_html(demo_report())
PAGE = Page(HTML)


def test_it_needs_nothing_from_outside_and_no_script() -> None:
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in PAGE.tags}
    addresses = [v for _, a in PAGE.tags for k, v in a.items() if k in ("href", "src", "xlink:href")]
    assert addresses
    assert all(v and v.startswith("#") for v in addresses)
    assert "url(http" not in HTML
    assert "@import" not in HTML


def test_every_id_is_unique_and_every_reference_leads_somewhere() -> None:
    ids = [a["id"] for _, a in PAGE.tags if "id" in a]
    assert len(ids) == len(set(ids))
    references = {(a.get("xlink:href") or a.get("href") or "#")[1:] for _, a in PAGE.tags} - {""}
    labels = {i for _, a in PAGE.tags for i in (a.get("aria-labelledby") or "").split()}
    assert references | labels <= set(ids)


def test_it_can_be_read_without_seeing_it() -> None:
    assert PAGE.all("html")[0]["lang"] == "en"
    assert len(PAGE.all("main")) == len(PAGE.all("h1")) == 1
    assert all(a.get("aria-labelledby") or a.get("aria-label") for a in PAGE.all("table"))
    assert all(a.get("scope") in ("col", "row") for a in PAGE.all("th"))
    pictures = PAGE.all("svg")
    assert len(pictures) == 8  # seven timelines and the overview
    assert all(a.get("role") == "img" and a.get("aria-labelledby") for a in pictures)


def test_the_summary_says_what_matters_first() -> None:
    assert "1 of 21 promises was broken" in PAGE.text
    assert "Promises kept 20 of 21" in PAGE.text
    assert "Slowest recovery 10.6 s incident 7" in PAGE.text
    assert "Integrity proved 7 of 7" in PAGE.text
    assert "0.023 USD" in PAGE.text


def test_how_each_onset_is_known_is_said() -> None:
    assert "For incident 1 whoever injected the fault wrote down when" in PAGE.text
    assert "For incidents 2, 3, 4, 5, 6, 7 the onset is an estimate" in PAGE.text
    assert "would have put the onset 0.12 s later" in PAGE.text


def test_a_suspect_backup_is_shown_with_its_reason() -> None:
    assert "entropy rose to 7.99 bits per byte in 211 files" in PAGE.text


def test_what_others_wrote_cannot_become_markup() -> None:
    evil = "<script>alert(1)</script>"
    made = incident(1, "model", Fault.CONTENT_CORRUPT, 20.0, lost=3.0, evidence=(evil,))
    made = replace(made, diagnosis=Diagnosis(Fault.CONTENT_CORRUPT, evil, (evil,), T0 + 20, 0.1, (evil,)))
    records = [replace(s, outcome=evil, action=evil) for s in steps_of(made, proof=(evil,))]
    report = build_report(
        replace(estate(), name=evil), [made], {"run-1": records}, [], [], USAGE,
        replace(LEDGER, verified=False, problem=evil), PERIOD,
    )  # fmt: skip
    html = report_html(report)
    assert evil not in html
    assert "script" not in {tag for tag, _ in Page(html).tags}
    assert "&lt;script&gt;" in html


def test_a_quiet_period_has_a_page_too() -> None:
    page = Page(report_html(build_report(estate(), [], {}, [], [], USAGE, LEDGER, PERIOD)))
    assert "No incident, nothing lost." in page.text
    assert "No incident was raised in this period." in page.text
    assert "No drill was held in this period." in page.text


def test_a_failed_recovery_is_not_hidden() -> None:
    made = replace(
        incident(1, "model", Fault.CONTENT_CORRUPT, 20.0, lost=3.0),
        state=IncidentState.FAILED,
        proved_at=None,
        closed_at=None,
        failure="the recovery point cannot be read",
    )
    page = Page(report_html(build_report(estate(), [made], {}, [], [], USAGE, LEDGER, PERIOD)))
    assert "2 of 3 promises were broken." in page.text
    assert "Failed: the recovery point cannot be read" in page.text
    assert "There is no proof of a recovery." in page.text


def test_the_same_report_gives_the_same_page() -> None:
    assert report_html(demo_report()) == HTML

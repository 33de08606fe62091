"""What a reader waits for: how soon a chapter's page shows its largest piece, and how many bytes it takes.

Each page is opened five times in a fresh Chromium context, with nothing cached, served from this machine and
compressed as a web server would: on a desktop as it is, and on a narrow screen with the slow network and processor
that Lighthouse assumes for a phone (https://github.com/GoogleChrome/lighthouse/blob/main/docs/throttling.md).
"""

import gzip
import statistics
import threading
from contextlib import contextmanager
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.record import ROOT
from scripts.numbers_page import chapters
from scripts.pdf import find_browser

SITE = ROOT / "_build" / "html"
READERS = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {"viewport": {"width": 375, "height": 667}, "device_scale_factor": 2},
}
SLOW_NETWORK = {  # 150 ms there and back, 1.6 Mbit/s down, 750 kbit/s up
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1.6e6 / 8,
    "uploadThroughput": 750e3 / 8,
}
SLOW_PROCESSOR = {"rate": 4}
COMPRESSED = (".html", ".css", ".js", ".svg", ".json")
LARGEST = """() => new Promise((done) => new PerformanceObserver((list) => done(list.getEntries().at(-1).startTime))
  .observe({ type: "largest-contentful-paint", buffered: true }))"""


def measure(record, small=False):
    if not (SITE / "index.html").exists():
        raise RuntimeError(f"there is no site in {SITE.relative_to(ROOT)}: run `make book`")
    results = {}
    with served(SITE) as address, sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=find_browser(), args=["--no-sandbox", "--disable-gpu"]
        )
        for path in chapters(ROOT)[: 1 if small else None]:
            page = f"{address}book/{path.stem}.html"
            results[path.stem] = found = {}
            for reader in READERS:
                visits = [visit(browser, page, reader) for _ in range(1 if small else 5)]
                found[reader], found["bytes"] = map(statistics.median, zip(*visits, strict=True))
            print(f"  {path.stem}: {found['desktop']:.2f} s, {found['phone']:.2f} s", flush=True)
            record.save(results)
        browser.close()
    record.save(results, complete=True)


def visit(browser, address, reader):
    """Open a page that is not cached; return the largest contentful paint in seconds and the bytes transferred."""
    context = browser.new_context(**READERS[reader])
    page = context.new_page()
    protocol, weights = context.new_cdp_session(page), []
    protocol.on("Network.loadingFinished", lambda event: weights.append(event["encodedDataLength"]))
    protocol.send("Network.enable")
    if reader == "phone":
        protocol.send("Network.emulateNetworkConditions", SLOW_NETWORK)
        protocol.send("Emulation.setCPUThrottlingRate", SLOW_PROCESSOR)
    page.goto(address, wait_until="networkidle", timeout=120_000)
    seconds = page.evaluate(LARGEST) / 1000
    context.close()
    return seconds, sum(weights)


@contextmanager
def served(folder):
    """Serve a folder on a free port of this machine; yield its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Compressing, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


class Compressing(SimpleHTTPRequestHandler):
    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if not path.is_file() or path.suffix not in COMPRESSED:
            super().do_GET()
            return
        body = compressed(path)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@cache
def compressed(path):
    return gzip.compress(path.read_bytes())

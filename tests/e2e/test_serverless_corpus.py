"""Services that other people wrote for the Serverless Framework: how they fare here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.e2e.serverless_corpus import packaged, services, template
from tests.shared import require_shared
from tools.template_table import TARGET, services_now, services_page

SERVICE_COUNT = 7


@pytest.mark.timeout(300)
def test_the_page_says_how_services_fare(tmp_path: Path) -> None:
    """Each is packaged by the framework itself, and the page tells what would become of it."""
    require_shared("corpus", "templates")
    folders = services()
    assert len(folders) == SERVICE_COUNT
    made = services_page({folder: template(packaged(folder, tmp_path)) for folder in folders})
    if os.environ.get("STEPWELL_WRITE_TABLE"):
        text = TARGET.read_text(encoding="utf-8").removesuffix(services_now())
        TARGET.write_text(text + made, encoding="utf-8")
    assert services_now() == made

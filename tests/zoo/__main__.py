"""Run the zoo and write its table into docs/models.md: `python -m tests.zoo`."""

import os
import sys

import pytest

from tests.zoo.conftest import list_results
from tests.zoo.report import DOCUMENT, MEASURES_JOBLIB, format_table, update_document


class Writer:
    """A plugin of pytest that writes the table, if all models passed."""

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Write the table into the document."""
        if not (terminalreporter.stats.get("failed") or terminalreporter.stats.get("error")):
            DOCUMENT.write_text(update_document(DOCUMENT.read_text(), format_table(list_results(terminalreporter))))


if __name__ == "__main__":
    os.environ[MEASURES_JOBLIB] = "1"
    # Without the test of the document, which is written only now.
    sys.exit(pytest.main(["tests/zoo", "-q", "-k", "answered", *sys.argv[1:]], plugins=[Writer()]))

"""What DeepCAVE says at the top of a page is said by every page that is open, then no more."""

from __future__ import annotations

import pytest
from deepcave.utils.notification import Notification

from encave.viewer import notices


def test_a_message_reaches_every_page_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(notices.time, "monotonic", lambda: now)
    notification = Notification()
    notices.install(notification)
    assert notification.get_latest() is None
    notification.update("run a cannot be selected")
    assert [notification.get_latest() for _ in range(2)] == [("run a cannot be selected", "danger")] * 2
    now += 1
    notification.update("run b cannot be selected", "warning")
    assert notification.get_latest() == ("run b cannot be selected", "warning")
    now += notices.SECONDS - 0.1
    assert notification.get_latest() == ("run b cannot be selected", "warning")
    now += 0.2
    assert notification.get_latest() is None

"""The page in Debian's Chromium, driven by Playwright. Touches loopback."""

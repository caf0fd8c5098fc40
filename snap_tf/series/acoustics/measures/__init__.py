"""Acoustic measures of one series: F0, intensity, formants, frication, duration.

In go a series and its rate; out come values over time with a unit, or the reason why the rate is too low for them.
"""

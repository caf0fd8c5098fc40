from .journal import read_journal as read_journal
from .page import build_page as build_page
from .page import write_report as write_report
from .plan import read_plan as read_plan

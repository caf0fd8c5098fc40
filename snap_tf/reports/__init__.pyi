from .journal import Entry as Entry
from .journal import read_journal as read_journal
from .page import build_page as build_page
from .page import write_report as write_report
from .plan import Exhibit as Exhibit
from .plan import Plan as Plan
from .plan import Section as Section
from .plan import read_plan as read_plan

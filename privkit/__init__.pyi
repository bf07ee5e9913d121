"""The public names: what `privkit/__init__.py` loads when it is first used, and what type checkers read.

A function whose line ends in ``# df.privacy`` is a method of the accessor too (`privkit/accessor.py`).
"""

from . import events as events
from . import models as models
from . import teach as teach
from .accessor import PrivacyAccessor as PrivacyAccessor
from .anonymity.alpha_k import AlphaK as AlphaK
from .anonymity.alpha_k import AlphaKReport as AlphaKReport
from .anonymity.alpha_k import alpha_k as alpha_k  # df.privacy
from .anonymity.beta_likeness import BetaLikeness as BetaLikeness
from .anonymity.beta_likeness import BetaLikenessReport as BetaLikenessReport
from .anonymity.beta_likeness import beta_likeness as beta_likeness  # df.privacy
from .anonymity.criterion import AllOf as AllOf
from .anonymity.delta_disclosure import DeltaDisclosure as DeltaDisclosure
from .anonymity.delta_disclosure import DeltaDisclosureReport as DeltaDisclosureReport
from .anonymity.delta_disclosure import delta_disclosure as delta_disclosure  # df.privacy
from .anonymity.kanonymity import KAnonymity as KAnonymity
from .anonymity.kanonymity import KAnonymityReport as KAnonymityReport
from .anonymity.kanonymity import kanon as kanon  # df.privacy
from .anonymity.ksets import KSetsReport as KSetsReport
from .anonymity.ksets import ksets as ksets  # df.privacy
from .anonymity.ldiversity import LDiversity as LDiversity
from .anonymity.ldiversity import LDiversityReport as LDiversityReport
from .anonymity.ldiversity import ldiv as ldiv  # df.privacy
from .anonymity.population import KMap as KMap
from .anonymity.population import KMapReport as KMapReport
from .anonymity.population import kmap as kmap  # df.privacy
from .anonymity.presence import DeltaPresence as DeltaPresence
from .anonymity.presence import DeltaPresenceReport as DeltaPresenceReport
from .anonymity.presence import delta_presence as delta_presence  # df.privacy
from .anonymity.reports import CheckReport as CheckReport
from .anonymity.reports import check as check  # df.privacy
from .anonymity.table_risk import AverageRisk as AverageRisk
from .anonymity.table_risk import PopulationUniqueness as PopulationUniqueness
from .anonymity.table_risk import SampleUniqueness as SampleUniqueness
from .anonymity.tcloseness import TCloseness as TCloseness
from .anonymity.tcloseness import TClosenessReport as TClosenessReport
from .anonymity.tcloseness import ValueTree as ValueTree
from .anonymity.tcloseness import tclose as tclose  # df.privacy
from .attacks.claims import AttackParts as AttackParts
from .attacks.models.attack import attack_model as attack_model
from .attacks.models.report import ModelAttackReport as ModelAttackReport
from .attacks.pipelines.audit import audit_pipeline as audit_pipeline
from .attacks.pipelines.report import PipelineAudit as PipelineAudit
from .attacks.releases import ReleaseAttackReport as ReleaseAttackReport
from .attacks.releases import attack_release as attack_release  # df.privacy
from .attacks.tables import AttackReport as AttackReport
from .attacks.tables import attack as attack  # df.privacy
from .disclosure.cell_key import CellKeyTables as CellKeyTables
from .disclosure.check import OutputCheck as OutputCheck
from .disclosure.check import output_check as output_check
from .dp.answers.arithmetic import ratio as ratio
from .dp.answers.derived import Derived as Derived
from .dp.answers.persons import RelatedRows as RelatedRows
from .dp.answers.persons import rows_of_persons as rows_of_persons
from .dp.answers.postprocess import consistent as consistent
from .dp.answers.release import Release as Release
from .dp.check import PlanCheck as PlanCheck
from .dp.plan import Plan as Plan
from .errors import AttackError as AttackError
from .errors import BoundsRequiredError as BoundsRequiredError
from .errors import CallError as CallError
from .errors import CeilingError as CeilingError
from .errors import ClockError as ClockError
from .errors import ColumnKindError as ColumnKindError
from .errors import ColumnNotFoundError as ColumnNotFoundError
from .errors import DisclosureError as DisclosureError
from .errors import DossierError as DossierError
from .errors import DuplicateColumnError as DuplicateColumnError
from .errors import EarlierReleaseError as EarlierReleaseError
from .errors import EngineError as EngineError
from .errors import EventError as EventError
from .errors import EventsInputError as EventsInputError
from .errors import ExpressionError as ExpressionError
from .errors import FactsChangedError as FactsChangedError
from .errors import FactsError as FactsError
from .errors import FileError as FileError
from .errors import FrameError as FrameError
from .errors import HierarchyError as HierarchyError
from .errors import InfeasibleError as InfeasibleError
from .errors import InsufficientBudgetError as InsufficientBudgetError
from .errors import IntervalError as IntervalError
from .errors import InventoryError as InventoryError
from .errors import KeysDifferError as KeysDifferError
from .errors import KeysError as KeysError
from .errors import LedgerBusyError as LedgerBusyError
from .errors import LedgerDamagedError as LedgerDamagedError
from .errors import LedgerError as LedgerError
from .errors import LedgerFullError as LedgerFullError
from .errors import LedgerMissingError as LedgerMissingError
from .errors import LedgerMovedError as LedgerMovedError
from .errors import LedgerPlaceError as LedgerPlaceError
from .errors import LedgerReadOnlyError as LedgerReadOnlyError
from .errors import LedgerTamperedError as LedgerTamperedError
from .errors import LedgerUnreachableError as LedgerUnreachableError
from .errors import LedgerVersionError as LedgerVersionError
from .errors import LibraryRequiredError as LibraryRequiredError
from .errors import LinkageError as LinkageError
from .errors import LinkError as LinkError
from .errors import MalformedLineError as MalformedLineError
from .errors import MappingStoreError as MappingStoreError
from .errors import MeasurementError as MeasurementError
from .errors import MeasureMismatchError as MeasureMismatchError
from .errors import MechanismError as MechanismError
from .errors import ModelError as ModelError
from .errors import NoProjectError as NoProjectError
from .errors import NotLinearError as NotLinearError
from .errors import NotPublicError as NotPublicError
from .errors import NotReleasedError as NotReleasedError
from .errors import OrphanedReleaseError as OrphanedReleaseError
from .errors import PackageError as PackageError
from .errors import PapersError as PapersError
from .errors import ParameterError as ParameterError
from .errors import PathError as PathError
from .errors import PendingReleaseError as PendingReleaseError
from .errors import PolicyError as PolicyError
from .errors import PopulationError as PopulationError
from .errors import PriceError as PriceError
from .errors import PrivkitError as PrivkitError
from .errors import ProjectClosedError as ProjectClosedError
from .errors import ProjectCopyError as ProjectCopyError
from .errors import ProjectMismatchError as ProjectMismatchError
from .errors import ProjectNameError as ProjectNameError
from .errors import ProjectNotFoundError as ProjectNotFoundError
from .errors import ProjectRemovedError as ProjectRemovedError
from .errors import ProjectUsedError as ProjectUsedError
from .errors import PromiseBrokenError as PromiseBrokenError
from .errors import RecipeError as RecipeError
from .errors import RegisterError as RegisterError
from .errors import ReservationError as ReservationError
from .errors import RoleConflictError as RoleConflictError
from .errors import SearchLimitError as SearchLimitError
from .errors import SecretKeyError as SecretKeyError
from .errors import SecretLeakError as SecretLeakError
from .errors import SimulatedError as SimulatedError
from .errors import TotalsError as TotalsError
from .errors import TruthError as TruthError
from .errors import UnitColumnError as UnitColumnError
from .errors import UnmatchedFieldsError as UnmatchedFieldsError
from .errors import ValueBoundsError as ValueBoundsError
from .errors import ValueBoundsRequiredError as ValueBoundsRequiredError
from .errors import WeightsError as WeightsError
from .errors import ZoneError as ZoneError
from .events.tables import pseudonymize as pseudonymize  # df.privacy
from .examples import example as example
from .examples import example_hierarchies as example_hierarchies
from .inventory.audit import audit as audit  # df.privacy
from .inventory.inventory import Inventory as Inventory
from .inventory.inventory_check import InventoryCheck as InventoryCheck
from .inventory.subject import ErasureReport as ErasureReport
from .inventory.subject import SubjectReport as SubjectReport
from .inventory.subject import consented as consented
from .inventory.subject import erase_subject as erase_subject
from .inventory.subject import find_subject as find_subject
from .project.dp import plan as plan
from .project.dp.association import dp_anova as dp_anova  # df.privacy
from .project.dp.association import dp_correlation as dp_correlation  # df.privacy
from .project.dp.counts import dp_count as dp_count  # df.privacy
from .project.dp.counts import dp_histogram as dp_histogram  # df.privacy
from .project.dp.counts import dp_nunique as dp_nunique  # df.privacy
from .project.dp.counts import dp_share as dp_share  # df.privacy
from .project.dp.counts import dp_value_counts as dp_value_counts  # df.privacy
from .project.dp.inference import dp_chi2 as dp_chi2  # df.privacy
from .project.dp.inference import dp_difference as dp_difference  # df.privacy
from .project.dp.inference import dp_ols as dp_ols  # df.privacy
from .project.dp.models import dp_kmeans as dp_kmeans  # df.privacy
from .project.dp.models import dp_logistic as dp_logistic  # df.privacy
from .project.dp.quantiles import dp_bounds as dp_bounds  # df.privacy
from .project.dp.quantiles import dp_median as dp_median  # df.privacy
from .project.dp.quantiles import dp_quantile as dp_quantile  # df.privacy
from .project.dp.quantiles import dp_top_k as dp_top_k  # df.privacy
from .project.dp.query import dp_describe as dp_describe  # df.privacy
from .project.dp.query import dp_query as dp_query  # df.privacy
from .project.dp.sums import dp_mean as dp_mean  # df.privacy
from .project.dp.sums import dp_std as dp_std  # df.privacy
from .project.dp.sums import dp_sum as dp_sum  # df.privacy
from .project.dp.sums import dp_var as dp_var  # df.privacy
from .project.dp.synthetic import dp_synthetic as dp_synthetic  # df.privacy
from .project.dp.tables import dp_crosstab as dp_crosstab  # df.privacy
from .project.dp.tables import dp_tables as dp_tables  # df.privacy
from .project.mock import mock as mock
from .project.opening import open_project as open_project
from .project.project import Project as Project
from .risk.attackers import Threshold as Threshold
from .risk.copula import CopulaReport as CopulaReport
from .risk.copula import copula_uniqueness as copula_uniqueness
from .risk.copula import person_uniqueness as person_uniqueness
from .risk.link import LinkReport as LinkReport
from .risk.link import link as link  # df.privacy
from .risk.report import RiskReport as RiskReport
from .risk.report import risk as risk  # df.privacy
from .risk.suda import SudaReport as SudaReport
from .risk.suda import suda as suda  # df.privacy
from .risk.unicity import UnicityReport as UnicityReport
from .risk.unicity import unicity as unicity  # df.privacy
from .study.assessments.assessment import ModelAssessment as ModelAssessment
from .study.assessments.assessment import assess_model as assess_model
from .study.assessments.measured import Measurement as Measurement
from .study.assessments.measured import Measurements as Measurements
from .study.assessments.quarters import Quarters as Quarters
from .study.dossiers.changes import DossierChanges as DossierChanges
from .study.dossiers.dossier import Dossier as Dossier
from .study.dossiers.dossier import dossier as dossier
from .study.drill import BreachDrill as BreachDrill
from .study.gate import GateReport as GateReport
from .study.gate import gate as gate  # df.privacy
from .study.papers.papers import Papers as Papers
from .study.papers.papers import papers as papers
from .study.requests import SubjectRequest as SubjectRequest
from .study.requests import SubjectRequests as SubjectRequests
from .study.sdnist import sdnist_labels as sdnist_labels
from .study.shared_package import SharedPackage as SharedPackage
from .study.sharing import DeletionCertificate as DeletionCertificate
from .study.sharing import Sharing as Sharing
from .study.trail import Trail as Trail
from .transform.anonymize import Anonymizer as Anonymizer
from .transform.anonymize import anonymize as anonymize  # df.privacy
from .transform.anonymized import Anonymized as Anonymized
from .transform.by_person import PersonFrames as PersonFrames
from .transform.by_person import by_person as by_person
from .transform.evaluation import Evaluation as Evaluation
from .transform.evaluation import evaluate as evaluate  # df.privacy
from .transform.generalize import generalize as generalize  # df.privacy
from .transform.generalize import read_hierarchies as read_hierarchies
from .transform.generalize import write_hierarchies as write_hierarchies
from .transform.hierarchies.hierarchy import Hierarchy as Hierarchy
from .transform.lattice import Lattice as Lattice
from .transform.lattice import lattice as lattice  # df.privacy
from .transform.microaggregate import microaggregate as microaggregate  # df.privacy
from .transform.perturb import add_noise as add_noise  # df.privacy
from .transform.perturb import pram as pram  # df.privacy
from .transform.perturb import rank_swap as rank_swap  # df.privacy
from .transform.perturb import round_to as round_to  # df.privacy
from .transform.perturb import top_bottom as top_bottom  # df.privacy
from .values.expression.builders import cut as cut
from .values.expression.builders import day as day
from .values.expression.builders import hour as hour
from .values.expression.builders import isin as isin
from .values.expression.builders import month as month
from .values.expression.builders import prefix as prefix
from .values.expression.builders import weekday as weekday
from .values.expression.builders import year as year
from .values.expression.choosing import lookup as lookup
from .values.expression.choosing import recode as recode
from .values.expression.choosing import when as when
from .values.unit import ROW as ROW
from .values.unit import rows as rows
from .values.vouched import public_values as public_values

__version__: str

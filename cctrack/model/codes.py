"""The closed vocabularies of cctrack: every code that appears in a file or a verdict."""

from enum import StrEnum


class Modality(StrEnum):
    """What took the image."""

    PHOTO = "photo"
    XRAY = "xray"
    CT = "ct"
    MR = "mr"


class Because(StrEnum):
    """Why an input was refused."""

    NOT_FOUND = "not_found"
    EMPTY = "empty"
    NOT_AN_IMAGE = "not_an_image"
    UNREADABLE_PIXELS = "unreadable_pixels"
    TRUNCATED = "truncated"
    MISSING_DECODER = "missing_decoder"
    UNSUPPORTED_FORMAT = "unsupported_format"
    AMBIGUOUS_MODALITY = "ambiguous_modality"
    UNSUPPORTED_MODALITY = "unsupported_modality"
    MASK = "mask"
    SINGLE_SLICE = "single_slice"
    MISSING_SLICES = "missing_slices"
    NO_POSITIONS = "no_positions"
    INCONSISTENT_SERIES = "inconsistent_series"
    NOT_HOUNSFIELD = "not_hounsfield"
    LOCALIZER = "localizer"
    SECONDARY_CAPTURE = "secondary_capture"
    DERIVED = "derived"
    DUPLICATE = "duplicate"
    TOO_LARGE = "too_large"
    ENCRYPTED = "encrypted"
    UNSAFE_ARCHIVE = "unsafe_archive"
    NO_SPACING = "no_spacing"
    NOT_OUTLINED = "not_outlined"
    NO_FINGER = "no_finger"
    INCOMPLETE_TRANSFER = "incomplete_transfer"
    INCOMPLETE_VISIT = "incomplete_visit"
    TOO_SLOW = "too_slow"
    CRASHED = "crashed"
    CHANGED = "changed"


class Flag(StrEnum):
    """A caution that travels with a measurement."""

    NO_SCALE = "no_scale"
    UNKNOWN_CALIBRATION = "unknown_calibration"
    BAD_SPACING = "bad_spacing"
    MARKER_SIZE_UNKNOWN = "marker_size_unknown"
    MARKER_SMALL = "marker_small"
    MARKER_BLURRED = "marker_blurred"
    MARKER_GLARE = "marker_glare"
    MARKER_OFF_PLANE = "marker_off_plane"
    MARKER_FAR = "marker_far"
    SCALE_CONFLICT = "scale_conflict"
    TILT = "tilt"
    BLUR = "blur"
    EXPOSURE = "exposure"
    GLARE = "glare"
    OVER_BONE = "over_bone"
    OFF_BONE_ONLY = "off_bone_only"
    ON_BONE = "on_bone"
    NEAR_BORDER = "near_border"
    BELOW_FLOOR = "below_floor"
    LOSSY = "lossy"
    PRESENTATION = "presentation"
    NO_DATE = "no_date"
    UNEVEN_SLICES = "uneven_slices"
    GANTRY_TILT = "gantry_tilt"
    PARTIAL_SERIES = "partial_series"
    THICK_SLICES = "thick_slices"
    KVP_UNKNOWN = "kvp_unknown"
    KVP_INTERPOLATED = "kvp_interpolated"
    CONTRAST = "contrast"
    METAL = "metal"
    SLICE_INCREMENT_SCALED = "slice_increment_scaled"
    CALIBRATION_MISMATCH = "calibration_mismatch"
    CALIBRATION_KERNEL = "calibration_kernel"
    SKIN_SURFACE = "skin_surface"
    CROWDED = "crowded"
    ULCERATED = "ulcerated"
    CRUSTED = "crusted"
    ON_FINGER = "on_finger"
    SECOND_LOOK = "second_look"
    CARRIED = "carried"


class ScaleSource(StrEnum):
    """How a scale is known. The DICOM codes follow the spacing table of the guide."""

    DETECTOR = "detector"
    DETECTOR_MAGNIFICATION_CORRECTED = "detector_magnification_corrected"
    CALIBRATED = "calibrated"
    UNKNOWN_CALIBRATION = "unknown_calibration"
    SLICE_POSITIONS = "slice_positions"
    MARKER = "marker"
    RULER = "ruler"
    STICKER = "sticker"
    SQUARE = "square"
    CLICKS = "clicks"
    GIVEN = "given"


class Quantity(StrEnum):
    """What was measured."""

    AREA = "area"
    VOLUME = "volume"
    MAX_DIAMETER = "max_diameter"
    MEAN_HU = "mean_hu"
    MAX_HU = "max_hu"
    DEPTH = "depth"
    AGATSTON = "agatston"
    MASS = "mass"
    COUNT = "count"
    COVERAGE = "coverage"
    DENSITY = "density"
    HAND_SCORE = "hand_score"


class Unit(StrEnum):
    """Units, in UCUM where one exists."""

    MM = "mm"
    MM2 = "mm2"
    MM3 = "mm3"
    PX = "px"
    HU = "[hnsf'U]"
    ONE = "1"
    MG = "mg"
    PERCENT = "%"
    RELATIVE = "relative"


class Method(StrEnum):
    """How a number came about."""

    AUTOMATIC = "automatic"
    READER = "reader"
    PAIRED = "paired"
    FIXED_THRESHOLD = "fixed_threshold"
    HALF_PEAK = "half_peak"
    PARTIAL_VOLUME = "partial_volume"


class Event(StrEnum):
    """What happened to a lesion between two visits."""

    PERSISTED = "persisted"
    NEW = "new"
    RESOLVED = "resolved"
    REAPPEARED = "reappeared"
    MERGED = "merged"
    SPLIT = "split"
    EXCISED = "excised"
    EXTRUDED = "extruded"
    NOT_IMAGED = "not_imaged"


class Outcome(StrEnum):
    """The verdict on a change."""

    REGRESSION = "regression"
    STABLE = "stable"
    PROGRESSION = "progression"
    NOT_EVALUABLE = "not_evaluable"


class Confidence(StrEnum):
    """How sure a verdict is: the whole 95 % interval lies inside the class, or not."""

    DEFINITE = "definite"
    PROBABLE = "probable"
    NONE = ""


class Reference(StrEnum):
    """The visit a change is measured against."""

    BASELINE = "baseline"
    PRIOR = "prior"
    NADIR = "nadir"


class Quality(StrEnum):
    """How far an alignment can be trusted."""

    GOOD = "good"
    CHECK = "check"
    FAILED = "failed"


class Morphology(StrEnum):
    """Shapes of deposits on radiographs (Bartoli 2016: stone 91.4 %, plate 4.8 %, net 3.8 %)."""

    STONE = "stone"
    NET = "net"
    PLATE = "plate"
    AMORPHOUS = "amorphous"


class SeenMorphology(StrEnum):
    """What a deposit looks like on CT; ``uncertain`` where the image cannot tell."""

    STONE = "stone"
    NET = "net"
    PLATE = "plate"
    UNCERTAIN = "uncertain"

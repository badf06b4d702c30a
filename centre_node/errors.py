"""Errors of a centre node.

* NodeError
  x BadMammogramsError           GS-3101  422
  x BadImageError                GS-3102  422
  x NotEnoughPatientsError       GS-3103  422
  x OneClassOnlyError            GS-3104  422
  x PatchDoesNotFitError         GS-3105  422
  x NotEnoughTissueError         GS-3106  422
  x PatchStoreError              GS-3107  422
  x TooFewPatchesError           GS-3201  422
  x TrainingDivergedError        GS-3202  422
  x CheckpointError              GS-3203  422
  x ModeCollapseError            GS-3204  422
  x InitialWeightsError          GS-3205  422
  x NotEnoughMemoryError         GS-3206  507
  x CompilationError             GS-3207  422
  x TensorboardMissingError      GS-3208  422
  x FeatureWeightsError          GS-3209  422
  x FlatPatchesError             GS-3210  422
  x OutOfSpaceError              GS-3301  507
  x JobCancelledError            GS-3302  409
  x JobNotFoundError             GS-3303  404
  x JobConflictError             GS-3304  409
  x ArtifactNotFoundError        GS-3305  404
  x DatasetNotFoundError         GS-3306  404
  x GeneratorNotPulledError      GS-3307  404
  x NoHubError                   GS-3308  409
  x NotAllowedError              GS-3309  401
  x WorkerDiedError              GS-3311  500
  x NotPublishableError          GS-3312  422
  x RecipeRefusedError           GS-3401  422
  x PatchesNotKeptError          GS-3402  507
  x TrainingFolderError          GS-3403  422
  x FolderInUseError             GS-3404  409
  x MediganPackageError          GS-3411  422
  x UnknownMediganModelError     GS-3412  422
  x MediganMetadataError         GS-3413  422
  x StudyStoppedError            GS-3501  409
  x StudyFailedError             GS-3502  422
  x EngineError                  GS-3503  503
  x StudyFileError               GS-3504  422
  x GeneratorSizeError           GS-3505  422
"""

from shared.problems import GenshareError


class NodeError(GenshareError):
    """Base of the errors of a centre node."""

    code = "GS-3000"


class BadMammogramsError(NodeError):
    """A folder of mammograms is missing or its annotations cannot be used."""

    code = "GS-3101"
    status = 422
    title = "Mammograms unreadable"
    hint = "Check the folder's path; docs/data.md says what each data set's folder must hold."


class BadImageError(NodeError):
    """One image file cannot be decoded.

    Attributes:
        reason: Why, in words that name no file and that images share, so that they can be counted.
    """

    code = "GS-3102"
    status = 422
    title = "Image unreadable"
    hint = "Replace the file, or take its record out of the data set's tables."

    def __init__(self, message: str, *, reason: str = "image cannot be read") -> None:
        super().__init__(message)
        self.reason = reason


class NotEnoughPatientsError(NodeError):
    """Fewer patients than a split or a training set needs."""

    code = "GS-3103"
    status = 422
    title = "Not enough patients"
    hint = "Use more patients, or fewer or larger subsets."


class OneClassOnlyError(NodeError):
    """A subset would hold lesions only or healthy patches only."""

    code = "GS-3104"
    status = 422
    title = "One class only"
    hint = "Both lesions and healthy tissue are needed; check the lesion kinds and healthy_from."


class PatchDoesNotFitError(NodeError):
    """A square is larger than its image."""

    code = "GS-3105"
    status = 422
    title = "Patch does not fit"
    hint = "Lower margin_px or smallest_side_px to suit the images' resolution."


class NotEnoughTissueError(NodeError):
    """Fewer healthy patches could be placed than were asked for."""

    code = "GS-3106"
    status = 422
    title = "Not enough healthy tissue"
    hint = "Ask for fewer healthy patches, or set healthy_from to all_mammograms."


class PatchStoreError(NodeError):
    """A folder of stored patches is damaged, or holds something else."""

    code = "GS-3107"
    status = 422
    title = "Stored patches unusable"
    hint = "Remove the folder, or choose another; patches are cut again."


class TooFewPatchesError(NodeError):
    """A training set is smaller than one batch."""

    code = "GS-3201"
    status = 422
    title = "Too few patches"
    hint = "Use more patches, or a lower batch_size in a training."


class TrainingDivergedError(NodeError):
    """A loss became NaN or infinite."""

    code = "GS-3202"
    status = 422
    title = "Training diverged"
    hint = "Lower the learning rate, or resume from the last good checkpoint with another seed."


class CheckpointError(NodeError):
    """A checkpoint cannot be read, or belongs to another configuration."""

    code = "GS-3203"
    status = 422
    title = "Checkpoint unusable"
    hint = "Remove the checkpoint to train from the start."


class ModeCollapseError(NodeError):
    """A generator draws nearly the same patch for every latent."""

    code = "GS-3204"
    status = 422
    title = "Mode collapse"
    hint = "Train with loss wgan-gp or relativistic, or set on_collapse to warn."


class InitialWeightsError(NodeError):
    """A classifier cannot start from the weights of a file."""

    code = "GS-3205"
    status = 422
    title = "Initial weights unusable"
    hint = "Give the safetensors file that initial_weights names, saved from the same network."


class NotEnoughMemoryError(NodeError):
    """A device cannot hold a training."""

    code = "GS-3206"
    status = 507
    title = "Not enough memory"
    hint = "Lower batch_size, the patches' size or the networks' width, or free memory."


class CompilationError(NodeError):
    """The networks cannot be compiled on this machine."""

    code = "GS-3207"
    status = 422
    title = "Networks not compiled"
    hint = "Install a C++ compiler such as g++, or train with compile = false."


class TensorboardMissingError(NodeError):
    """A training is to write for TensorBoard, which is not installed."""

    code = "GS-3208"
    status = 422
    title = "TensorBoard not installed"
    hint = "pip install 'genshare[tensorboard]', or train without it."


class FeatureWeightsError(NodeError):
    """The weights that features are to be computed with cannot be used."""

    code = "GS-3209"
    status = 422
    title = "Feature weights unusable"
    hint = "Give the file of torchvision's Inception v3, such as inception_v3_google-0cc3c7bd.pth."


class FlatPatchesError(NodeError):
    """There is nothing in the patches that a generator could learn."""

    code = "GS-3210"
    status = 422
    title = "Flat patches"
    hint = "Look at the patches: genshare data preview draws what is cut."


class OutOfSpaceError(NodeError):
    """The disk is full."""

    code = "GS-3301"
    status = 507
    title = "Disk full"
    hint = "Free space and start it again."


class JobCancelledError(NodeError):
    """The job was cancelled while it ran."""

    code = "GS-3302"
    status = 409
    title = "Job cancelled"
    hint = "Start a new job."


class JobNotFoundError(NodeError):
    """No job has that id."""

    code = "GS-3303"
    status = 404
    title = "No such job"
    hint = "List the jobs with GET /api/v1/jobs."


class JobConflictError(NodeError):
    """The request does not fit the job's state, or reuses an idempotency key."""

    code = "GS-3304"
    status = 409
    title = "Job conflict"
    hint = "See the job's state with GET /api/v1/jobs/{id}."


class ArtifactNotFoundError(NodeError):
    """The job left no artifact of that name."""

    code = "GS-3305"
    status = 404
    title = "No such artifact"
    hint = "The job's record lists its artifacts."


class DatasetNotFoundError(NodeError):
    """No data set of that name is registered."""

    code = "GS-3306"
    status = 404
    title = "No such data set"
    hint = "Register it with PUT /api/v1/datasets/{name}."


class GeneratorNotPulledError(NodeError):
    """No generator with that digest is at this node."""

    code = "GS-3307"
    status = 404
    title = "Generator not at this node"
    hint = "Pull it from the hub first."


class NoHubError(NodeError):
    """The node is not connected to a hub."""

    code = "GS-3308"
    status = 409
    title = "No hub"
    hint = "Connect with PUT /api/v1/hub-connection."


class NotAllowedError(NodeError):
    """The node's token is missing or wrong."""

    code = "GS-3309"
    status = 401
    title = "Not allowed"
    hint = "Send the node's token as `Authorization: Bearer TOKEN`."


class WorkerDiedError(NodeError):
    """The worker process died again and again while it ran a job."""

    code = "GS-3311"
    title = "Worker died"
    hint = "See the node's log; too little memory is the usual cause."


class NotPublishableError(NodeError):
    """A generator must not leave the centre as it is."""

    code = "GS-3312"
    status = 422
    title = "Not publishable"
    hint = "Train on more patients, or change the text that is named."


class RecipeRefusedError(NodeError):
    """A recipe cannot be read, or is not of the package that it is used with."""

    code = "GS-3401"
    status = 422
    title = "Recipe refused"
    hint = "Use the recipe.json that lies beside the patches, and the package that it names."


class PatchesNotKeptError(NodeError):
    """Sampled patches cannot be written."""

    code = "GS-3402"
    status = 507
    title = "Patches not kept"
    hint = "Choose a new folder, where you may write, on a disk with room."


class FolderInUseError(NodeError):
    """Two processes would write the same files."""

    code = "GS-3404"
    status = 409
    title = "Folder in use"
    hint = "Wait for the other one, or name another folder."


class TrainingFolderError(NodeError):
    """A folder holds another training than the one asked for, or none that is finished."""

    code = "GS-3403"
    status = 422
    title = "Training folder unusable"
    hint = "genshare train-generator --out makes such a folder; each training needs one of its own."


class MediganPackageError(NodeError):
    """A medigan package is unsafe, damaged, or holds no weights."""

    code = "GS-3411"
    status = 422
    title = "medigan package refused"
    hint = "Download the package again; it is a folder or zip with one weight file of PyTorch."


class UnknownMediganModelError(NodeError):
    """The weights are not those of a medigan model that genshare can declare."""

    code = "GS-3412"
    status = 422
    title = "Unknown medigan model"
    hint = "genshare import-medigan --help lists the models that can be imported."


class MediganMetadataError(NodeError):
    """A model's metadata cannot be read, or speak of another model."""

    code = "GS-3413"
    status = 422
    title = "medigan metadata unusable"
    hint = "Give medigan's global.json or the model's own metadata.json with --metadata."


class StudyStoppedError(NodeError):
    """A study was stopped while it ran."""

    code = "GS-3501"
    status = 409
    title = "Study stopped"
    hint = "Start it again; finished runs are not done again."


class StudyFailedError(NodeError):
    """Not one run of a study came to its end."""

    code = "GS-3502"
    status = 422
    title = "Study failed"
    hint = "See what the run says; the log tells more."


class EngineError(NodeError):
    """What is to do a study's runs cannot be reached, or is not installed."""

    code = "GS-3503"
    status = 503
    title = "No engine"
    hint = "Use the local engine, or see that the Ray cluster runs the same genshare."


class StudyFileError(NodeError):
    """A study file, or a folder of a study's results, cannot be used."""

    code = "GS-3504"
    status = 422
    title = "Study file unusable"
    hint = "docs/study.md has an example of a study file."


class GeneratorSizeError(NodeError):
    """A generator makes patches of another size than a study's."""

    code = "GS-3505"
    status = 422
    title = "Generator of another size"
    hint = "Set the study's image_size to that of its generators, or take others."

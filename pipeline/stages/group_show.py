"""The stages that show an experiment or hand it on. They run each time they are asked for."""

from pipeline.console.installation import COMMAND
from pipeline.stages.stage import Stage

REPORT = Stage(
    name="report",
    summary="one page that shows it all, from stored tables; with names, experiments side by side",
    group="show",
    needs=("evaluate",),
    arguments="[A B …]",
    by_words=True,
    example=f"{COMMAND} report -c masks",
    leads_to="demo",
)


EXPLAIN = Stage(
    name="explain",
    summary="where networks look (Grad-CAM), and what changes their answers",
    group="show",
    needs=("train",),
    options=("images", "member", "num", "sample"),
    example=f"{COMMAND} explain -c masks member=age num=16",
    leads_to="report",
)


PREDICT = Stage(
    name="predict",
    summary="finds all faces in images, folders and videos, and says what it sees",
    group="show",
    needs=("train",),
    arguments="IMAGE|FOLDER|VIDEO …",
    options=("by", "fps", "min_face"),
    example=f"{COMMAND} predict photo.jpg -c masks by=age",
)


DEMO = Stage(
    name="demo",
    summary="a page to try it in a browser: upload, paste or webcam; other experiments by name",
    group="show",
    needs=("train",),
    arguments="[EXPERIMENT …]",
    options=("host", "port"),
    example=f"{COMMAND} demo -c masks port=7861",
)


EXPORT = Stage(
    name="export",
    summary="every member and the whole ensemble as ONNX, torch.export and TorchScript, checked",
    group="show",
    needs=("train",),
    options=("formats",),
    example=f"{COMMAND} export -c masks formats=onnx",
    leads_to="share",
)


SHARE = Stage(
    name="share",
    summary="a folder for the Hugging Face Hub that runs as it is: card, weights, ONNX, app",
    group="show",
    needs=("evaluate",),
    options=("push",),
    example=f"{COMMAND} share -c masks",
)


BUNDLE = Stage(
    name="bundle",
    summary="a folder to upload, and a notebook that answers a hidden test offline with it",
    group="show",
    needs=("train",),
    options=("wheels",),
    example=f"{COMMAND} bundle -c masks",
)

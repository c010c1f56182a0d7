"""One small network as a file of every kind that a model can come from."""

import io
import warnings
import zipfile

import tiny_networks
import torch

SIDE = 32


def tiny(seed=1, n_classes=2):
    """The network of `tiny_networks`, its batch norm as after a training."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = tiny_networks.tiny(n_classes)
        module.features[1].running_mean.uniform_(-0.5, 0.5)
        module.features[1].running_var.uniform_(0.5, 2)
    return module.eval()


def write_torchscript(module, path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.script(module), path)
    return path


def write_exported(module, path, *, n_images=2, batch=None, side=SIDE):
    """A program for batches of ``n_images``, or of any size within ``batch``."""
    shapes = None if batch is None else ({0: batch},)
    program = torch.export.export(module, (torch.zeros((n_images, 3, side, side)),), dynamic_shapes=shapes)
    torch.export.save(program, path)
    return path


def onnx_graph(module, *, n_images="n", side=SIDE, kind="FLOAT", channels_last=False, softmax=False):
    """The graph of the tiny network, built operation by operation."""
    from onnx import TensorProto, helper, numpy_helper

    state = {name: value.numpy() for name, value in module.state_dict().items() if value.ndim}
    weights = [numpy_helper.from_array(value, name) for name, value in state.items()]
    weights.append(numpy_helper.from_array(torch.tensor([2, 3]).numpy(), "axes"))
    frame = (side, side, 3) if channels_last else (3, side, side)
    first = []
    name = "images"
    if channels_last:
        first.append(helper.make_node("Transpose", [name], ["upright"], perm=[0, 3, 1, 2]))
        name = "upright"
    if kind != "FLOAT":
        first.append(helper.make_node("Cast", [name], ["cast"], to=TensorProto.FLOAT))
        name = "cast"
    norm = [f"features.1.{part}" for part in ("weight", "bias", "running_mean", "running_var")]
    nodes = [
        *first,
        helper.make_node("Conv", [name, "features.0.weight", "features.0.bias"], ["a"], pads=[1, 1, 1, 1]),
        helper.make_node("BatchNormalization", ["a", *norm], ["b"], epsilon=1e-5),
        helper.make_node("Relu", ["b"], ["c"]),
        helper.make_node("MaxPool", ["c"], ["d"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Conv", ["d", "last.weight", "last.bias"], ["e"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["e"], ["f"]),
        helper.make_node("ReduceMean", ["f", "axes"], ["g"], keepdims=0),
        helper.make_node("Gemm", ["g", "head.weight", "head.bias"], ["h"], transB=1),
        helper.make_node("Softmax" if softmax else "Identity", ["h"], ["logits"]),
    ]
    given = helper.make_tensor_value_info("images", getattr(TensorProto, kind), [n_images, *frame])
    made = helper.make_tensor_value_info("logits", TensorProto.FLOAT, [n_images, len(state["head.bias"])])
    graph = helper.make_graph(nodes, "tiny", [given], [made], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def write_onnx(module, path, **settings):
    path.write_bytes(onnx_graph(module, **settings).SerializeToString())
    return path


def with_entry(path, name, content):
    """The archive with one more entry, or another content of one that it has."""
    with zipfile.ZipFile(path) as archive:
        entries = {entry: archive.read(entry) for entry in archive.namelist()}
    root = next(iter(entries)).partition("/")[0]
    entries[f"{root}/{name}"] = content
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for entry, value in entries.items():
            archive.writestr(entry, value)
    path.write_bytes(stream.getvalue())
    return path

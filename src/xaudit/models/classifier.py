"""A classifier as the rest of the audit uses it: images in, logits out, every evaluation counted.

Conventions of this file: images are (N, 3, h, w) float32, normalised, in the model's frame; logits are
(N, n_classes) in the order of ``class_names``; sizes are ``(height, width)``.
"""

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal, TypeAlias

import torch

from xaudit.errors import ModelError
from xaudit.geometry import Fit, Geometry
from xaudit.models.network.answers import answers_digest
from xaudit.models.network.compiling import Compiled, compiled
from xaudit.models.network.folding import Folding
from xaudit.models.network.layers import target_layer
from xaudit.models.network.memory import FittingBatch, is_out_of_memory
from xaudit.models.network.meter import Meter
from xaudit.models.network.outputs import logits_of
from xaudit.models.network.probe import check_answers
from xaudit.models.network.sealed import Sealed
from xaudit.models.network.shared_answers import Share, SharedAnswers
from xaudit.models.network.token_dropping import let_drop_tokens
from xaudit.models.preparation.steps import Preparation, carried_image
from xaudit.records import FloatArray, TokenGrid

Precision: TypeAlias = Literal["float32", "float16", "bfloat16"]

PIXELS_AT_ONCE = 2**19
"""Pixels that a CPU takes in one forward pass, unless a single image has more: 32 images at 128 px, 10 at 224."""


@dataclass(eq=False)
class Classifier:
    """A model of the audit, in evaluation mode and in channels-last memory.

    Construction moves the module to the device, queries it a few times to check that it answers as a classifier, and attaches
    the meter, so that a library which calls ``module`` itself is counted and gets a plain tensor of logits back.

    Attributes:
        id: its name in every table.
        class_names: in the order of the logits.
        model_hw: the frame that images are carried into.
        fit: the fit of images into that frame.
        mean: subtracted from intensities in [0, 1], per channel.
        std: divided by afterwards.
        preparation: another library's way of resizing; None weighs by area.
        architecture: its name, for messages and for the fingerprint.
        layer: the module that CAM methods explain; None takes the architecture's own.
        tokens: the grid of the tokens that the layer gives; None where its class or shape tells.
        batch_size: images per forward pass.
        compile: True to send full batches to a compiled network, see :mod:`xaudit.models.network.compiling`.
        remarks: sentences of its source that a reader of its results must know.
        precision: precision of :meth:`logits`; a direct call of ``module`` gives float32.
        outputs: the class that each output of the network itself stands for, before reordering to ``class_names``.
        code: digest of the code that builds it, unless that is xaudit's or a library's; empty otherwise.
        answers_checksum: digest of its logits of two fixed images; empty for a file that holds its program.
        fingerprint: 16 hex digits; differs if weights, architecture, code, classes, preprocessing or answers differ.
        meter: counts evaluations and their time.
        explained: number of images that explainers which query ``module`` themselves do at a time.
        notes: the remarks, and the results of the first queries.

    Raises:
        ModelError: if the module fails on its frame, does not give one finite logit per class, or answers the
            same question differently from time to time or from batch to batch.
    """

    id: str
    module: torch.nn.Module
    class_names: tuple[str, ...]
    model_hw: tuple[int, int]
    fit: Fit = "stretch"
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    architecture: str = "own"
    layer: str | None = None
    tokens: TokenGrid | None = None
    batch_size: int = 32
    compile: bool = False
    remarks: tuple[str, ...] = ()
    precision: Precision = "float32"
    preparation: Preparation | None = None
    outputs: tuple[str, ...] = ()
    code: str = ""
    answers_checksum: str = field(init=False, default="")
    fingerprint: str = field(init=False)
    meter: Meter = field(init=False, default_factory=Meter)
    _share: Share | None = field(init=False, repr=False, default=None)
    notes: tuple[str, ...] = field(init=False, default=())
    _folding: Folding = field(init=False, repr=False)
    _compiled: Compiled | None = field(init=False, repr=False, default=None)
    explained: FittingBatch = field(init=False, repr=False)
    _answered: FittingBatch = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.device.type == "cuda":
            # TensorFloat-32 rounds to 10 bits, and then an image's logits depend on who shares its batch.
            torch.backends.cudnn.allow_tf32 = False
        self.module = (
            self.module.float().eval().to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        )
        n_classes = len(self.class_names)
        remarks = check_answers(
            self.module,
            subject=f"model '{self.id}'",
            n_classes=n_classes,
            model_hw=self.model_hw,
            device=self.device,
        )
        self.notes = (*self.remarks, *remarks)
        if not isinstance(self.module, Sealed):
            self.answers_checksum = answers_digest(
                self.module, n_classes=n_classes, model_hw=self.model_hw, device=self.device
            )

        def plain(_module: torch.nn.Module, _args: tuple[object, ...], output: object) -> torch.Tensor:
            return logits_of(output, n_classes)

        self.module.register_forward_hook(plain)
        self.meter.attach(self.module, self.device)
        batch = FittingBatch(f"model '{self.id}'", self.batch_size, self.model_hw, self.device, self.meter)
        # Gradients and features need more memory than answers do.
        self._answered, self.explained = batch, replace(batch)
        self.fingerprint = self._fingerprint()
        self._folding = Folding(self.module, n_classes=n_classes, model_hw=self.model_hw)
        if self.compile:
            self._compiled = compiled(
                self._folding.module(),
                subject=f"model '{self.id}'",
                n_classes=n_classes,
                batch_hw=(self.batch_size, *self.model_hw),
            )

    def to_input(self, pixels: FloatArray) -> tuple[torch.Tensor, Geometry]:
        """Carry one image into the model's frame and normalise it; also return the transform.

        Args:
            pixels: (H, W) or (H, W, 3) of the original frame, in [0, 1].

        Returns:
            (3, h, w) float32 on the CPU, and the geometry that leads back.
        """
        carried, geometry = carried_image(pixels, self.model_hw, self.fit, self.preparation)
        placed = torch.from_numpy(carried).permute(2, 0, 1).expand(3, -1, -1)
        return self.normalise(placed).contiguous(), geometry

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        """Return the logits of any number of images, on the CPU; batching makes no difference.

        Batch norms are folded into convolutions where that gives the same logits; ``module`` itself is as it was.

        Raises:
            ValueError: if the images are not of the model's frame.
            ModelError: if a single image does not fit into memory.
        """
        if images.ndim != 4 or tuple(images.shape[1:]) != (3, *self.model_hw):
            raise ValueError(f"images of shape {tuple(images.shape)}, expected (N, 3, {self.model_hw})")
        if self.module.training:
            self.module.eval()
        module = self._folding.module()
        if (shared := self.shared_logits(images)) is not None:
            return shared
        full = self._compiled
        if full is not None and not (full.source is module and full.is_current):
            full = None
        parts = [torch.empty((0, len(self.class_names)))]
        with torch.inference_mode(), self._rounded():
            for batch in torch.split(images, self.batch_size) if len(images) else ():
                parts += self._answers(module, batch, full)
        return torch.cat(parts)

    def answers_of(
        self, network: Callable[[torch.Tensor], torch.Tensor], images: torch.Tensor
    ) -> torch.Tensor:
        """Return what a network gives for images, on the CPU, asked as :meth:`logits` asks.

        Args:
            network: takes images on the device, channels-last, and gives a row for each.
            images: (N, 3, h, w), at least one.

        Raises:
            ModelError: if a single image does not fit into memory.
        """
        with torch.inference_mode():
            parts = [self._answers(network, batch, None) for batch in torch.split(images, self.batch_size)]
        return torch.cat([rows for part in parts for rows in part])

    def share(self, answers: SharedAnswers) -> None:
        """Take answers about the network's finding from those that one network gives for all of its findings."""
        self._share = Share(answers, self.module, self.meter)

    def shared_logits(self, images: torch.Tensor, last: torch.nn.Module | None = None) -> torch.Tensor | None:
        """Return the logits that findings share, beside what the ``last`` layer reads; None if nothing is shared now."""
        if self._share is None or not len(images):
            return None
        with torch.inference_mode(), self._rounded():
            evaluate = partial(self._answers, full=None)
            return self._share.logits(self._folding.module(), images, evaluate, last, rounding=self.precision)

    def without_norms(self) -> torch.nn.Module:
        """Return a network with the same logits and hooks, batch norms folded away where that is possible."""
        return self._folding.module()

    def let_drop_tokens(self) -> None:
        """Take pixels that are not numbers for gone, see :mod:`xaudit.models.network.token_dropping`.

        Raises:
            ModelError: if the network is no transformer that can be asked without some tokens, or it is compiled.
        """
        if self.compile:
            raise ModelError(
                f"model '{self.id}': the in-fill 'drop-tokens' changes the number of tokens, and a compiled network has only one",
                hint="leave out `run.compile`",
            )
        with self.meter.paused():
            let_drop_tokens(
                self.module,
                n_classes=len(self.class_names),
                frame_hw=self.model_hw,
                subject=f"model '{self.id}'",
            )

    @contextmanager
    def in_float32(self) -> Iterator[None]:
        """Compute :meth:`logits` in float32 in this context, whatever the configured precision."""
        precision, self.precision = self.precision, "float32"
        try:
            yield
        finally:
            self.precision = precision

    def normalise(self, pixels: torch.Tensor) -> torch.Tensor:
        """Normalise intensities in [0, 1], (..., 3, h, w), as the module expects them."""
        return (pixels - self._channel(self.mean, pixels)) / self._channel(self.std, pixels)

    def denormalise(self, images: torch.Tensor) -> torch.Tensor:
        """Invert :meth:`normalise`."""
        return images * self._channel(self.std, images) + self._channel(self.mean, images)

    def target_layer(self, name: str | None = None) -> torch.nn.Module:
        """Return the module whose activations CAM methods explain.

        Args:
            name: overrides the configured layer, which overrides the architecture's own.

        Raises:
            ModelError: if there is no such module, or the architecture is unknown; names the candidates.
        """
        return target_layer(self.module, name or self.layer, model_id=self.id, model_hw=self.model_hw)

    def _rounded(self) -> torch.autocast:
        half = None if self.precision == "float32" else getattr(torch, self.precision)
        return torch.autocast(self.device.type, half, enabled=half is not None)

    def _placed(self, batch: torch.Tensor) -> torch.Tensor:
        return batch.to(self.device, torch.float32).contiguous(memory_format=torch.channels_last)

    def _answers(
        self, module: Callable[[torch.Tensor], torch.Tensor], batch: torch.Tensor, full: Compiled | None
    ) -> list[torch.Tensor]:
        """Return a network's answers to a batch in pieces; what does not fit into memory is halved and tried again.

        Args:
            full: the compiled network, for full batches alone.
        """
        found: list[torch.Tensor] = []
        while len(batch):
            size = self._answered.size(len(batch))
            try:
                part = self._placed(batch[:size])
                if full is not None and size == self.batch_size:
                    with self.meter.forward(size):
                        found.append(full.ask(part).float())
                    batch = batch[size:]
                else:
                    for piece in self._pieces(part):
                        size = len(piece)
                        found.append(module(piece).float().cpu())
                        batch = batch[size:]
                continue
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
            self._answered.halve(size)
        return found

    @property
    def fits(self) -> int | None:
        """Smallest number of images that was done at a time because more did not fit into memory; None if all fitted."""
        return min((batch.fits for batch in (self._answered, self.explained) if batch.fits), default=None)

    @property
    def memory_notes(self) -> tuple[str, ...]:
        """The size of the batches that fit, if larger ones did not fit into memory."""
        if self.fits is None:
            return ()
        return (
            f"model '{self.id}': batches of {self.batch_size} images did not fit into the memory of {self.device}; it was given "
            f"{self.fits} at a time, which changes its answers by no more than rounding. `run.batch_size: {self.fits}` avoids the failed "
            "attempts.",
        )

    def _pieces(self, batch: torch.Tensor) -> Sequence[torch.Tensor]:
        """Split a batch as a CPU takes it fastest: pieces of equal size whose activations stay in its cache."""
        if self.device.type != "cpu" or (isinstance(self.module, Sealed) and self.module.fills_up):
            return (batch,)
        height, width = self.model_hw
        n_pieces = math.ceil(len(batch) * height * width / PIXELS_AT_ONCE)
        return torch.tensor_split(batch, min(n_pieces, len(batch)))

    def _channel(self, values: tuple[float, float, float], like: torch.Tensor) -> torch.Tensor:
        return torch.tensor(values, dtype=like.dtype, device=like.device).view(3, 1, 1)

    def _fingerprint(self) -> str:
        digest = hashlib.sha256()
        kinds = [(name, type(part).__name__) for name, part in self.module.named_modules()]
        frame = (self.architecture, self.class_names, self.model_hw, self.fit, self.mean, self.std)
        digest.update(repr((frame, kinds, self.code, self.answers_checksum)).encode())
        if self.preparation is not None:
            digest.update(repr(self.preparation).encode())
        for name, tensor in sorted(self.module.state_dict().items()):
            digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
            flat = tensor.detach().cpu().contiguous().reshape(-1)
            digest.update(flat.view(torch.uint8).numpy().data)
        return digest.hexdigest()[:16]

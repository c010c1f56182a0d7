"""Requirements for every source of networks."""

import torch

from xaudit.catalog import OptionValue
from xaudit.catalog.plugin_records import ModelPlugin
from xaudit.models.classifier import Classifier
from xaudit.plugins.study import all_options, demand, tried_images


def check_model(plugin: ModelPlugin, *, side: int = 64, **options: OptionValue) -> None:
    """Build networks of two and of five classes and check them; call this in the tests of a plug-in.

    The logits must be (N, n_classes), finite, and the same if repeated and in any batch; and the weights
    must come from torch's generator alone.

    Args:
        side: side of the images, in pixels.
        options: settings other than the defaults.

    Raises:
        PluginError: for the first requirement that is not met.
        ModelError: if an audit would refuse the network.
    """
    settings = all_options(plugin.options, options)
    for n_classes in (2, 5):
        networks = []
        for _ in range(2):
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(3)
                module = plugin.build(dict(settings), n_classes)
            demand(
                isinstance(module, torch.nn.Module),
                f"`build` gave a {type(module).__name__}, expected a torch.nn.Module",
            )
            names = tuple(f"class {number}" for number in range(n_classes))
            networks.append(Classifier(id="tried", module=module, class_names=names, model_hw=(side, side)))
        first, second = (network.logits(tried_images(2, (side, side))) for network in networks)
        demand(
            torch.equal(first, second),
            "the same torch seed gives other weights when the network is built again",
        )
        demand(
            not plugin.row.trains or any(True for _ in networks[0].module.parameters()),
            "the network has no parameters to train, and the row says trains=True",
        )

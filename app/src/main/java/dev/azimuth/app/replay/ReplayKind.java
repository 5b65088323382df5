package dev.azimuth.app.replay;

import dev.azimuth.tensor.Tensor;
import java.util.Map;

/** How records of one kind are computed here. */
@FunctionalInterface
public interface ReplayKind {
  /** Every output by its name in the record, in published layout, from the replay's tensors. */
  Map<String, Tensor> run(Replay replay);
}

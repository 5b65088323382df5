package dev.azimuth.nn;

import dev.azimuth.tensor.Tensor;
import java.util.List;

/** Modules one after another. */
public record Sequential(List<Module> modules) implements Module {
  /** These modules, first to last. */
  public static Sequential of(Module... modules) {
    return new Sequential(List.of(modules));
  }

  @Override
  public Tensor forward(Tensor x) {
    Tensor y = x;
    for (Module module : modules) {
      y = module.forward(y);
    }
    return y;
  }
}

package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.ForwardingBackend;
import dev.azimuth.tensor.Kernel;
import java.util.ArrayList;
import java.util.List;

/** Passes everything on, and keeps the kernels that were run. */
final class RecordingBackend extends ForwardingBackend {
  private final List<Kernel> kernels = new ArrayList<>();

  RecordingBackend(Backend inner) {
    super(inner);
  }

  /** How many kernels of a type were run. */
  long count(Class<? extends Kernel> type) {
    return kernels.stream().filter(type::isInstance).count();
  }

  @Override
  public void run(Kernel kernel) {
    kernels.add(kernel);
    super.run(kernel);
  }
}

package dev.azimuth.nn.optim;

import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** State that comes back under names: compared as a whole before anything of it is taken. */
final class NamedState {
  private final String owner;
  private final Map<String, Tensor> stored;
  private final List<String> used = new ArrayList<>();
  private final List<String> missing = new ArrayList<>();
  private final List<String> misshapen = new ArrayList<>();

  NamedState(String owner, Map<String, Tensor> stored) {
    this.owner = owner;
    this.stored = stored;
  }

  /** Whether there is anything under this name. */
  boolean has(String name) {
    return stored.containsKey(name);
  }

  /** Notes that {@code name} is needed, of the shape of {@code like}. */
  void require(String name, Tensor like) {
    used.add(name);
    Tensor tensor = stored.get(name);
    if (tensor == null) {
      missing.add(name);
    } else if (!tensor.shape().equals(like.shape())) {
      misshapen.add(name + " " + tensor.shape() + " instead of " + like.shape());
    }
  }

  /** Notes that {@code name} is needed: one whole number, 0 or more. */
  void requireCount(String name) {
    used.add(name);
    Tensor tensor = stored.get(name);
    if (tensor == null) {
      missing.add(name);
    } else if (tensor.shape().size() != 1) {
      misshapen.add(name + " " + tensor.shape() + " instead of one number");
    } else if (!(tensor.item() >= 0 && tensor.item() == Math.rint(tensor.item()))) {
      misshapen.add(name + " = " + tensor.item() + " instead of a count");
    }
  }

  /** Throws unless all that was required is there and fits, and nothing else is there. */
  void requireComplete() {
    List<String> unexpected =
        stored.keySet().stream().filter(name -> !used.contains(name)).sorted().toList();
    if (!missing.isEmpty() || !unexpected.isEmpty() || !misshapen.isEmpty()) {
      throw new IllegalArgumentException(
          owner
              + ": the state doesn't fit the parameters; missing "
              + missing
              + ", unexpected "
              + unexpected
              + ", misshapen "
              + misshapen);
    }
  }

  /** A copy of what is stored under a name, on the backend and in the type of {@code like}. */
  Tensor copy(String name, Tensor like) {
    return copy(get(name), like);
  }

  /** The number stored under a name. */
  long count(String name) {
    return (long) get(name).item();
  }

  private Tensor get(String name) {
    Tensor tensor = stored.get(name);
    if (tensor == null) {
      throw new IllegalStateException(owner + ": " + name + " was not required");
    }
    return tensor;
  }

  /** An untracked copy of {@code x} on the backend and in the type of {@code like}. */
  static Tensor copy(Tensor x, Tensor like) {
    return like.dtype() == DType.FLOAT32
        ? Tensor.of(like.backend(), x.shape(), x.toFloats())
        : Tensor.of(like.backend(), like.dtype(), x.shape(), x.toDoubles());
  }

  /** A count as a tensor: float64 holds it exactly up to 2⁵³. */
  static Tensor ofCount(long count, Tensor like) {
    return Tensor.full(like.backend(), DType.FLOAT64, Shape.of(), count);
  }
}

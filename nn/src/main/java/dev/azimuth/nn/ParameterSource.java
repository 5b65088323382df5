package dev.azimuth.nn;

import dev.azimuth.tensor.Shape;
import java.util.Map;
import java.util.Set;

/** Where stored parameters come from, in the published names, shapes and order of elements. */
public interface ParameterSource {
  /** Every name it holds. */
  Set<String> names();

  /** Shape of a parameter it holds. */
  Shape shape(String name);

  /** Values of a parameter it holds, as float32. */
  float[] values(String name);

  /** Parameters in memory. */
  static ParameterSource of(Map<String, Stored> parameters) {
    return new ParameterSource() {
      @Override
      public Set<String> names() {
        return parameters.keySet();
      }

      @Override
      public Shape shape(String name) {
        return stored(name).shape();
      }

      @Override
      public float[] values(String name) {
        return stored(name).values();
      }

      private Stored stored(String name) {
        Stored stored = parameters.get(name);
        if (stored == null) {
          throw new IllegalArgumentException("no parameter named " + name);
        }
        return stored;
      }
    };
  }

  /** One parameter as it is stored: its published shape and elements. */
  @SuppressWarnings("ArrayRecordComponent") // handed over once, never compared
  record Stored(Shape shape, float[] values) {}
}

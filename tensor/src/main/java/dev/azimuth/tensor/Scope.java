package dev.azimuth.tensor;

/**
 * Owns the device memory of the tensors that its backend makes while it is open, and gives it back
 * when it closes, but for what was {@link #keep kept}; using another of them afterwards is an
 * error.
 *
 * <pre>{@code
 * try (Scope scope = backend.scope()) {
 *   x = scope.keep(step(x));
 * }
 * }</pre>
 *
 * <p>Scopes are for memory that should be free at once; without one it is free when nothing refers
 * to the tensor any more, which the garbage collector may notice late. They nest and belong to the
 * backend, whichever thread works on it. Backends whose memory is Java's own need none.
 */
public interface Scope extends AutoCloseable {
  /** The scope of backends that leave memory to the garbage collector. */
  Scope NONE =
      new Scope() {
        @Override
        public Tensor keep(Tensor x) {
          return x;
        }

        @Override
        public void close() {
          // owns nothing
        }
      };

  /** Hands a tensor's memory over to the scope around this one, or to none; returns the tensor. */
  Tensor keep(Tensor x);

  /**
   * Gives back the memory of what wasn't kept.
   *
   * @throws IllegalStateException if a scope opened later is still open
   */
  @Override
  void close();
}

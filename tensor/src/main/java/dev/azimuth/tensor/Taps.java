package dev.azimuth.tensor;

/**
 * A linear map along one spatial axis: output i is the sum of {@code weight[e] * input[index[e]]}
 * for e from {@code start[i]} to {@code start[i + 1]}, exclusive. Interpolation, nearest-neighbour
 * resizing, average pooling and the transposes of all of them are such maps.
 */
public final class Taps {
  private final int inputs;
  private final int[] start;
  private final int[] index;
  private final float[] weight;

  /**
   * The map with these entries.
   *
   * @param inputs number of inputs
   * @param start {@code outputs + 1} ascending offsets into the other two
   * @param index the input each entry reads
   * @param weight what it is multiplied by
   */
  public Taps(int inputs, int[] start, int[] index, float[] weight) {
    this.inputs = inputs;
    this.start = start.clone();
    this.index = index.clone();
    this.weight = weight.clone();
  }

  /** Number of inputs. */
  public int inputs() {
    return inputs;
  }

  /** Number of outputs. */
  public int outputs() {
    return start.length - 1;
  }

  /** First entry of output i; that of output i + 1 is its end. */
  public int start(int i) {
    return start[i];
  }

  /** Input that entry e reads. */
  public int index(int e) {
    return index[e];
  }

  /** Weight of entry e. */
  public float weight(int e) {
    return weight[e];
  }

  /** The transposed map, from gradients of the outputs to gradients of the inputs. */
  public Taps transposed() {
    int[] begin = new int[inputs + 1];
    for (int i : index) {
      begin[i + 1]++;
    }
    for (int i = 0; i < inputs; i++) {
      begin[i + 1] += begin[i];
    }
    int[] next = begin.clone();
    int[] transposedIndex = new int[index.length];
    float[] transposedWeight = new float[index.length];
    for (int output = 0; output < outputs(); output++) {
      for (int e = start[output]; e < start[output + 1]; e++) {
        int slot = next[index[e]]++;
        transposedIndex[slot] = output;
        transposedWeight[slot] = weight[e];
      }
    }
    return new Taps(outputs(), begin, transposedIndex, transposedWeight);
  }
}

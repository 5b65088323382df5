package dev.azimuth.kernels.emulator;

/** The relations of {@code setp}; those that end in {@code u} hold where an operand is a NaN. */
final class Comparisons {
  private Comparisons() {}

  static Loops.Comparison words(
      String relation, PtxType type, boolean flush, PtxInstruction instruction) {
    return switch (type) {
      case F32 -> {
        Floats test = floats(relation, instruction);
        yield flush
            ? (a, b) ->
                test.test(
                    FloatArithmetic.flush(Float.intBitsToFloat(a)),
                    FloatArithmetic.flush(Float.intBitsToFloat(b)))
            : (a, b) -> test.test(Float.intBitsToFloat(a), Float.intBitsToFloat(b));
      }
      case S32 -> signed(relation, instruction);
      case U32, B32 -> unsigned(relation, instruction);
      case S16 -> {
        Loops.Comparison test = signed(relation, instruction);
        yield (a, b) -> test.test((short) a, (short) b);
      }
      case U16, B16 -> {
        Loops.Comparison test = unsigned(relation, instruction);
        yield (a, b) -> test.test(a & 0xFFFF, b & 0xFFFF);
      }
      default -> throw instruction.unsupported("no comparison of " + type);
    };
  }

  private static Loops.Comparison signed(String relation, PtxInstruction instruction) {
    return switch (relation) {
      case "eq" -> (a, b) -> a == b;
      case "ne" -> (a, b) -> a != b;
      case "lt" -> (a, b) -> a < b;
      case "le" -> (a, b) -> a <= b;
      case "gt" -> (a, b) -> a > b;
      case "ge" -> (a, b) -> a >= b;
      default -> throw instruction.unsupported("no relation of integers: " + relation);
    };
  }

  private static Loops.Comparison unsigned(String relation, PtxInstruction instruction) {
    return switch (relation) {
      case "eq" -> (a, b) -> a == b;
      case "ne" -> (a, b) -> a != b;
      case "lt", "lo" -> (a, b) -> Integer.compareUnsigned(a, b) < 0;
      case "le", "ls" -> (a, b) -> Integer.compareUnsigned(a, b) <= 0;
      case "gt", "hi" -> (a, b) -> Integer.compareUnsigned(a, b) > 0;
      case "ge", "hs" -> (a, b) -> Integer.compareUnsigned(a, b) >= 0;
      default -> throw instruction.unsupported("no relation of integers: " + relation);
    };
  }

  static Loops.LongComparison longs(String relation, PtxType type, PtxInstruction instruction) {
    if (type == PtxType.F64) {
      Floats test = floats(relation, instruction);
      return (a, b) -> test.test(Double.longBitsToDouble(a), Double.longBitsToDouble(b));
    }
    if (type == PtxType.S64) {
      return switch (relation) {
        case "eq" -> (a, b) -> a == b;
        case "ne" -> (a, b) -> a != b;
        case "lt" -> (a, b) -> a < b;
        case "le" -> (a, b) -> a <= b;
        case "gt" -> (a, b) -> a > b;
        case "ge" -> (a, b) -> a >= b;
        default -> throw instruction.unsupported("no relation of integers: " + relation);
      };
    }
    return switch (relation) {
      case "eq" -> (a, b) -> a == b;
      case "ne" -> (a, b) -> a != b;
      case "lt", "lo" -> (a, b) -> Long.compareUnsigned(a, b) < 0;
      case "le", "ls" -> (a, b) -> Long.compareUnsigned(a, b) <= 0;
      case "gt", "hi" -> (a, b) -> Long.compareUnsigned(a, b) > 0;
      case "ge", "hs" -> (a, b) -> Long.compareUnsigned(a, b) >= 0;
      default -> throw instruction.unsupported("no relation of integers: " + relation);
    };
  }

  /** Float32 values are float64 values too, so one test does for both. */
  private interface Floats {
    boolean test(double a, double b);
  }

  private static Floats floats(String relation, PtxInstruction instruction) {
    return switch (relation) {
      case "eq" -> (a, b) -> a == b;
      case "ne" -> (a, b) -> a < b || a > b;
      case "lt" -> (a, b) -> a < b;
      case "le" -> (a, b) -> a <= b;
      case "gt" -> (a, b) -> a > b;
      case "ge" -> (a, b) -> a >= b;
      case "equ" -> (a, b) -> !(a < b || a > b);
      case "neu" -> (a, b) -> a != b;
      case "ltu" -> (a, b) -> !(a >= b);
      case "leu" -> (a, b) -> !(a > b);
      case "gtu" -> (a, b) -> !(a <= b);
      case "geu" -> (a, b) -> !(a < b);
      case "num" -> (a, b) -> !Double.isNaN(a) && !Double.isNaN(b);
      case "nan" -> (a, b) -> Double.isNaN(a) || Double.isNaN(b);
      default -> throw instruction.unsupported("no relation of floats: " + relation);
    };
  }
}

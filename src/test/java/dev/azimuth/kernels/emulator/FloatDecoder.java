package dev.azimuth.kernels.emulator;

import dev.azimuth.kernels.emulator.FloatArithmetic.Rounding;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.IntBinaryOperator;
import java.util.function.IntUnaryOperator;
import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/** Arithmetic of float32 and float64. */
final class FloatDecoder {
  private final Decoder decoder;
  private final PtxInstruction instruction;
  private final Rounding rounding;
  private final boolean plain;
  private final String name;

  FloatDecoder(Decoder decoder, PtxInstruction instruction) {
    this.decoder = decoder;
    this.instruction = instruction;
    instruction.allow("rn", "rz", "rm", "rp", "ftz", "sat", "approx", "full", "NaN");
    rounding = rounding(instruction);
    plain = rounding == Rounding.NEAREST && !instruction.has("ftz") && !instruction.has("sat");
    name = instruction.toString();
    if (instruction.has("NaN") && !isMinOrMax()) {
      throw instruction.unsupported("modifier NaN");
    }
  }

  static Rounding rounding(PtxInstruction instruction) {
    return instruction.has("rz")
        ? Rounding.ZERO
        : instruction.has("rm")
            ? Rounding.DOWN
            : instruction.has("rp") ? Rounding.UP : Rounding.NEAREST;
  }

  private boolean isMinOrMax() {
    return instruction.opcode().equals("min") || instruction.opcode().equals("max");
  }

  /** Float32 values to one. */
  private interface Unary {
    float apply(float a);
  }

  private interface Binary {
    float apply(float a, float b);
  }

  private interface Ternary {
    float apply(float a, float b, float c);
  }

  Step step() {
    if (instruction.type() == PtxType.F64) {
      return doubles();
    }
    Loops.Ternary hot = hotTernary();
    if (hot != null) {
      return words3(hot);
    }
    IntBinaryOperator hotBinary = hotBinary();
    if (hotBinary != null) {
      return words2(hotBinary);
    }
    Unary unary = unary();
    if (unary != null) {
      return words1(x -> bits(finish(unary.apply(start(x)))));
    }
    Binary binary = binary();
    if (binary != null) {
      return words2((x, y) -> bits(finish(binary.apply(start(x), start(y)))));
    }
    if (isMultiplyAdd()) {
      Ternary sum = (x, y, z) -> FloatArithmetic.fma(x, y, z, rounding);
      return words3((x, y, z) -> bits(finish(sum.apply(start(x), start(y), start(z)))));
    }
    throw instruction.unsupported("unknown opcode");
  }

  private boolean isMultiplyAdd() {
    return instruction.opcode().equals("fma") || instruction.opcode().equals("mad");
  }

  // The usual instructions have their operation in one lambda, for the sake of Loops.

  private Loops.@Nullable Ternary hotTernary() {
    return plain && isMultiplyAdd()
        ? (x, y, z) -> bits(Math.fma(value(x), value(y), value(z)))
        : null;
  }

  private @Nullable IntBinaryOperator hotBinary() {
    if (!plain) {
      return null;
    }
    return switch (instruction.opcode()) {
      case "add" -> (x, y) -> bits(value(x) + value(y));
      case "sub" -> (x, y) -> bits(value(x) - value(y));
      case "mul" -> (x, y) -> bits(value(x) * value(y));
      default -> null;
    };
  }

  private float start(int bits) {
    float x = value(bits);
    return instruction.has("ftz") ? FloatArithmetic.flush(x) : x;
  }

  private float finish(float x) {
    float flushed = instruction.has("ftz") ? FloatArithmetic.flush(x) : x;
    return instruction.has("sat") ? FloatArithmetic.saturate(flushed) : flushed;
  }

  private @Nullable Unary unary() {
    return switch (instruction.opcode()) {
      case "neg" -> x -> -x;
      case "abs" -> Math::abs;
      case "rcp" -> nearestOnly(x -> 1 / x);
      case "sqrt" -> nearestOnly(x -> (float) Math.sqrt(x));
      case "rsqrt" -> FloatArithmetic::rsqrt;
      case "ex2" -> FloatArithmetic::ex2;
      case "lg2" -> FloatArithmetic::lg2;
      case "sin" -> x -> (float) Math.sin(x);
      case "cos" -> x -> (float) Math.cos(x);
      case "tanh" -> x -> (float) Math.tanh(x);
      default -> null;
    };
  }

  private <T> T nearestOnly(T function) {
    if (rounding != Rounding.NEAREST) {
      throw instruction.unsupported("rounded other than to nearest");
    }
    return function;
  }

  private @Nullable Binary binary() {
    return switch (instruction.opcode()) {
      case "add" -> (x, y) -> FloatArithmetic.add(x, y, rounding);
      case "sub" -> (x, y) -> FloatArithmetic.add(x, -y, rounding);
      case "mul" -> (x, y) -> FloatArithmetic.mul(x, y, rounding);
      case "div" -> nearestOnly((Binary) (x, y) -> x / y);
      case "min" -> instruction.has("NaN") ? Math::min : FloatArithmetic::min;
      case "max" -> instruction.has("NaN") ? Math::max : FloatArithmetic::max;
      case "copysign" -> (sign, x) -> Math.copySign(x, sign);
      default -> null;
    };
  }

  private Step doubles() {
    if (rounding != Rounding.NEAREST || instruction.has("sat") || instruction.has("ftz")) {
      throw instruction.unsupported("float64 is rounded to nearest only");
    }
    if (isMultiplyAdd()) {
      Loops.LongTernary sum =
          (x, y, z) ->
              Double.doubleToRawLongBits(
                  Math.fma(
                      Double.longBitsToDouble(x),
                      Double.longBitsToDouble(y),
                      Double.longBitsToDouble(z)));
      return Loops.of(
          Loops.Longs3.class,
          name,
          sum,
          decoder.longWord(instruction, 0),
          decoder.longWord(instruction, 1),
          decoder.longWord(instruction, 2),
          decoder.longWord(instruction, 3));
    }
    DoubleUnaryOperator unary =
        switch (instruction.opcode()) {
          case "neg" -> x -> -x;
          case "abs" -> Math::abs;
          case "sqrt" -> Math::sqrt;
          case "rcp" -> x -> 1 / x;
          default -> null;
        };
    if (unary != null) {
      if (instruction.has("approx")) {
        throw instruction.unsupported("approximate float64");
      }
      LongUnaryOperator function =
          x -> Double.doubleToRawLongBits(unary.applyAsDouble(Double.longBitsToDouble(x)));
      return Loops.of(
          Loops.Longs1.class,
          name,
          function,
          decoder.longWord(instruction, 0),
          decoder.longWord(instruction, 1));
    }
    DoubleBinaryOperator binary = doubleBinary();
    LongBinaryOperator function =
        (x, y) ->
            Double.doubleToRawLongBits(
                binary.applyAsDouble(Double.longBitsToDouble(x), Double.longBitsToDouble(y)));
    return Loops.of(
        Loops.Longs2.class,
        name,
        function,
        decoder.longWord(instruction, 0),
        decoder.longWord(instruction, 1),
        decoder.longWord(instruction, 2));
  }

  private DoubleBinaryOperator doubleBinary() {
    return switch (instruction.opcode()) {
      case "add" -> (x, y) -> x + y;
      case "sub" -> (x, y) -> x - y;
      case "mul" -> (x, y) -> x * y;
      case "div" -> (x, y) -> x / y;
      case "min" -> FloatArithmetic::min;
      case "max" -> FloatArithmetic::max;
      case "copysign" -> (sign, x) -> Math.copySign(x, sign);
      default -> throw instruction.unsupported("unknown opcode");
    };
  }

  private static float value(int bits) {
    return Float.intBitsToFloat(bits);
  }

  private static int bits(float value) {
    return Float.floatToRawIntBits(value);
  }

  private Step words1(IntUnaryOperator function) {
    return Loops.of(
        Loops.Words1.class,
        name,
        function,
        decoder.word(instruction, 0),
        decoder.word(instruction, 1));
  }

  private Step words2(IntBinaryOperator function) {
    return Loops.of(
        Loops.Words2.class,
        name,
        function,
        decoder.word(instruction, 0),
        decoder.word(instruction, 1),
        decoder.word(instruction, 2));
  }

  private Step words3(Loops.Ternary function) {
    return Loops.of(
        Loops.Words3.class,
        name,
        function,
        decoder.word(instruction, 0),
        decoder.word(instruction, 1),
        decoder.word(instruction, 2),
        decoder.word(instruction, 3));
  }
}

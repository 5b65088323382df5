package dev.azimuth.kernels.emulator;

import dev.azimuth.kernels.emulator.Operand.Bank;
import dev.azimuth.kernels.emulator.PtxKernel.Param;
import dev.azimuth.kernels.emulator.PtxKernel.Variable;
import dev.azimuth.kernels.emulator.PtxLexer.Token;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads a kernel's body; registers declared in inner braces hide those outside. */
final class KernelParser {
  private final TokenReader tokens;
  private final Map<String, String> files;
  private final Deque<Map<String, Operand.Register>> scopes = new ArrayDeque<>();
  private final int[] registers = new int[Bank.values().length];
  private final List<PtxInstruction> instructions = new ArrayList<>();
  private final Map<String, Integer> labels = new HashMap<>();
  private final Map<String, List<String>> branchTables = new HashMap<>();
  private final List<Variable> variables = new ArrayList<>();
  private String source = "-";

  KernelParser(TokenReader tokens, Map<String, String> files) {
    this.tokens = tokens;
    this.files = files;
  }

  PtxKernel kernel(String name, List<Param> params, int maxThreads) {
    do {
      statement();
    } while (!scopes.isEmpty());
    return new PtxKernel(
        name,
        List.copyOf(params),
        maxThreads,
        registers[Bank.WORD.ordinal()],
        registers[Bank.LONG.ordinal()],
        registers[Bank.PREDICATE.ordinal()],
        List.copyOf(instructions),
        Map.copyOf(labels),
        Map.copyOf(branchTables),
        List.copyOf(variables));
  }

  private void statement() {
    Token token = tokens.peek();
    switch (token.text()) {
      case "{" -> {
        tokens.next();
        scopes.push(new HashMap<>());
      }
      case "}" -> {
        tokens.next();
        scopes.pop();
      }
      case ";" -> tokens.next();
      case ".reg" -> registers();
      case ".shared", ".local" -> variables.add(PtxParser.variable(tokens));
      case ".loc" -> location();
      case ".pragma" -> tokens.skipLine();
      default -> {
        if (tokens.peek(1).is(":")) {
          label();
        } else {
          instructions.add(instruction());
        }
      }
    }
  }

  /** {@code .loc FILE LINE COLUMN}; of what is inlined, the place that calls it. */
  private void location() {
    int line = tokens.peek().line();
    int at = 1;
    for (int i = 0; tokens.peek(i).line() == line; i++) {
      at = tokens.peek(i).is("inlined_at") ? i + 1 : at;
    }
    String file = tokens.peek(at).text();
    source = files.getOrDefault(file, "file " + file) + ":" + tokens.peek(at + 1).text();
    tokens.skipLine();
  }

  private void label() {
    Token name = tokens.next();
    tokens.expect(":");
    if (tokens.take(".branchtargets")) {
      List<String> targets = new ArrayList<>();
      do {
        targets.add(tokens.next().text());
      } while (tokens.take(","));
      tokens.expect(";");
      branchTables.put(name.text(), targets);
    } else if (labels.put(name.text(), instructions.size()) != null) {
      throw new PtxException(name.line(), "a second label " + name.text());
    }
  }

  private void registers() {
    tokens.expect(".reg");
    PtxType type = tokens.type();
    do {
      String name = tokens.next().text();
      if (tokens.take("<")) {
        int count = tokens.number();
        tokens.expect(">");
        for (int i = 0; i < count; i++) {
          declare(name + i, type);
        }
      } else {
        declare(name, type);
      }
    } while (tokens.take(","));
    tokens.expect(";");
  }

  private void declare(String name, PtxType type) {
    Bank bank = type == PtxType.PRED ? Bank.PREDICATE : type.wide() ? Bank.LONG : Bank.WORD;
    scopes.element().put(name, new Operand.Register(bank, registers[bank.ordinal()]++, type));
  }

  private PtxInstruction instruction() {
    int line = tokens.peek().line();
    Operand.Register guard = null;
    boolean negated = false;
    if (tokens.take("@")) {
      negated = tokens.take("!");
      guard = register(tokens.next());
    }
    List<String> words = List.of(tokens.next().text().split("\\."));
    List<Operand> operands = new ArrayList<>();
    while (!tokens.take(";")) {
      Operand operand = operand();
      if (tokens.take("|")) {
        operand = new Operand.Pair(operand, operand());
      }
      operands.add(operand);
      if (!tokens.peek().is(";")) {
        tokens.expect(",");
      }
    }
    return new PtxInstruction(words, guard, negated, List.copyOf(operands), line, source);
  }

  private Operand operand() {
    if (tokens.atLiteral()) {
      return new Operand.Literal(tokens.literal());
    }
    Token token = tokens.next();
    switch (token.text()) {
      case "!" -> {
        return new Operand.Negated(register(tokens.next()));
      }
      case "{" -> {
        List<Operand> elements = new ArrayList<>();
        do {
          elements.add(operand());
        } while (tokens.take(","));
        tokens.expect("}");
        return new Operand.Vector(List.copyOf(elements));
      }
      case "[" -> {
        Operand base = operand();
        long offset = tokens.take("+") || tokens.peek().is("-") ? tokens.literal() : 0;
        tokens.expect("]");
        return new Operand.Address(base, offset);
      }
      case "_" -> {
        return new Operand.Sink();
      }
      default -> {
        return named(token);
      }
    }
  }

  private Operand named(Token token) {
    for (Map<String, Operand.Register> scope : scopes) {
      Operand.Register register = scope.get(token.text());
      if (register != null) {
        return register;
      }
    }
    SpecialRegister special = SpecialRegister.named(token.text());
    if (special != null) {
      return new Operand.Special(special);
    }
    if (token.text().startsWith("%")) {
      throw new PtxException(token.line(), "no such register: " + token.text());
    }
    return new Operand.Symbol(token.text());
  }

  private Operand.Register register(Token token) {
    if (named(token) instanceof Operand.Register register && register.bank() == Bank.PREDICATE) {
      return register;
    }
    throw new PtxException(token.line(), "no predicate: " + token.text());
  }
}

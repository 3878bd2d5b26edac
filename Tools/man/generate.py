#!/usr/bin/env python3
"""Writes the manual pages from what the program says of its own options, or checks that they are fresh.

    generate.py MMUBENCH           writes mmubench.1 and mmubench-VERB.1 beside this file
    generate.py MMUBENCH --check   exit 1 and the names of the pages that are not as they would be written
    generate.py MMUBENCH --to DIR  writes them into DIR
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


def escape(text):
    """Text as roff reads it: no macro at the start of a line, no escape, no hyphenated minus."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line[:1] in ".'" else line for line in text.split("\n"))


def bold(text):
    return "\\fB" + escape(text) + "\\fR"


def names(argument):
    return ["-" * (1 if n["kind"] == "short" else 2) + n["name"] for n in argument.get("names", [])]


def value(argument):
    return "\\fI" + escape(argument.get("valueName", "value")) + "\\fR"


def synopsis(argument):
    if argument["kind"] == "positional":
        word = value(argument)
    else:
        word = bold(names(argument)[0])
        if argument["kind"] == "option":
            word += " " + value(argument)
    if argument["isRepeating"]:
        word += " ..."
    return "[" + word + "]" if argument["isOptional"] else word


def paragraphs(text):
    """The discussion: paragraphs as they are, examples without filling."""
    text, _, examples = text.partition("Examples:\n")
    lines = [".PP\n" + escape(p) for p in text.strip().split("\n\n") if p]
    return lines, examples.rstrip()


def entry(argument):
    if argument["kind"] == "positional":
        head = value(argument)
    else:
        head = ", ".join(bold(n) for n in names(argument))
        if argument["kind"] == "option":
            head += " " + value(argument)
    text = argument.get("abstract", "")
    if argument.get("defaultValue") not in (None, "", "false"):
        text += " (default: " + argument["defaultValue"] + ")"
    return ".TP\n" + head + "\n" + escape(text)


def page(command, version, program="mmubench"):
    verb = command["commandName"]
    title = program if verb == program else program + "-" + verb
    shown = [a for a in command["arguments"] if a.get("shouldDisplay", True)]
    out = ['.\\" Written by Tools/man/generate.py from the program\'s own help.',
           f'.TH {title.upper()} 1 "" "mmubench {version}" "MMUBench"', ".SH NAME",
           escape(title) + " \\- " + escape(command.get("abstract", "").rstrip(".")), ".SH SYNOPSIS"]
    call = bold(program) if verb == program else bold(program) + " " + bold(verb)
    few = [a for a in shown if a.get("sectionTitle") is None and names(a) not in (["--version"], ["-h", "--help"])]
    more = len(few) < len(shown) - 2
    words = [synopsis(a) for a in few] + (["[\\fIoptions\\fR]"] if more else [])
    if verb == program:
        words = ["\\fIverb\\fR", "[\\fIarguments\\fR]"]
    out.append(" ".join([call] + words))
    out.append(".SH DESCRIPTION")
    out.append(escape(command.get("abstract", "")))
    discussion, examples = paragraphs(command.get("discussion", ""))
    out += discussion
    if command.get("aliases"):
        out.append(".PP\nOther names: " + ", ".join(bold(a) for a in command["aliases"]) + ".")
    if verb == program:
        out.append(".SH VERBS")
        for sub in command["subcommands"]:
            if sub["commandName"] != "help":
                out.append(".TP\n" + bold(sub["commandName"]) + "\n" + escape(sub.get("abstract", "")))
    sections = []
    for argument in shown:
        section = argument.get("sectionTitle") or ("Arguments" if argument["kind"] == "positional" else "Options")
        if section not in sections:
            sections.append(section)
    for section in sections:
        out.append(".SH " + section.upper())
        for argument in shown:
            own = argument.get("sectionTitle") or ("Arguments" if argument["kind"] == "positional" else "Options")
            if own == section:
                out.append(entry(argument))
    if examples:
        out += [".SH EXAMPLES", ".nf", escape(re.sub(r"(?m)^  ", "", examples)), ".fi"]
    out.append(".SH EXIT STATUS")
    for status, meaning in [(0, "all is well"), (1, "something differs or was found"), (64, "usage"),
                            (65, "malformed input"), (66, "input cannot be opened"),
                            (73, "output cannot be created"), (74, "I/O error"),
                            (77, "skipped: something that is needed is absent")]:
        out.append(f".TP\n\\fB{status}\\fR\n{meaning}")
    out.append(".SH SEE ALSO")
    others = [program] if verb != program else [program + "-" + s["commandName"] for s in command["subcommands"]
                                                if s["commandName"] != "help"]
    out.append(",\n".join(bold(o) + "(1)" for o in others))
    return "\n".join(out) + "\n"


def pages(mmubench):
    def ask(*words):
        return subprocess.run([mmubench, *words], check=True, capture_output=True, text=True).stdout

    help_ = json.loads(ask("--experimental-dump-help"))["command"]
    version = ask("--version").strip()
    result = {"mmubench.1": page(help_, version)}
    for command in help_["subcommands"]:
        if command["commandName"] != "help":
            name = "mmubench-" + command["commandName"] + ".1"
            result[name] = page(command, version)
            # Another name of a verb is a page that leads to the verb's; the debugger's `!` is none of a file.
            for alias in command.get("aliases") or []:
                if alias.isalnum():
                    result["mmubench-" + alias + ".1"] = ".so man1/" + name + "\n"
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("mmubench", help="the program")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("--to", type=pathlib.Path, default=HERE, metavar="DIR")
    options = parser.parse_args()
    wanted = pages(options.mmubench)
    there = {p.name: p.read_text() for p in options.to.glob("*.1")}
    if options.check:
        stale = sorted(n for n in wanted.keys() | there.keys() if wanted.get(n) != there.get(n))
        if stale:
            print("not as the program says; `Tools/dev man` writes them: " + " ".join(stale), file=sys.stderr)
            return 1
        return 0
    options.to.mkdir(parents=True, exist_ok=True)
    for name in there.keys() - wanted.keys():
        (options.to / name).unlink()
    for name, text in wanted.items():
        (options.to / name).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())

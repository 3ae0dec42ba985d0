//! Makes one script of many modules, so that the page asks once instead of fifty times and what is
//! said in several modules is compressed together.
//!
//! Names of a module become unique, imports become the names they stand for, and the modules are put
//! one after the other in the order in which a browser would run them. What only some pages need is
//! a script of its own for each folder, loaded by `import()`; it takes what it shares from the main
//! one, and from folders that only such pages need. Knows what our own modules and the vendored ones use of the language, and refuses the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Component, Path, PathBuf};

use oxc_allocator::Allocator;
use oxc_ast::ast::{ExportNamedDeclaration, ImportDeclarationSpecifier, Program, Statement};
use oxc_codegen::Codegen;
use oxc_parser::Parser;
use oxc_semantic::{Scoping, SemanticBuilder};
use oxc_span::SourceType;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Where a default export is kept.
const DEFAULT: &str = "_default";

/// A module with its names made unique, without imports and exports.
struct Module {
    /// The script that it is part of.
    script: String,
    code: String,
    /// What it exports: the name outside, the unique name.
    exports: BTreeMap<String, String>,
    /// Modules that it loads when they are needed.
    on_demand: Vec<PathBuf>,
    /// Unique names that it takes from other scripts: by these, and by the names under which they
    /// are exported there.
    taken: BTreeMap<String, BTreeMap<String, String>>,
}

/// All modules that are reached from an entry, in the order in which they run.
pub(crate) struct Bundle<'a> {
    root: &'a Path,
    /// Folders that are scripts of their own.
    folders: &'a [&'a str],
    modules: BTreeMap<PathBuf, Module>,
    order: Vec<PathBuf>,
    open: Vec<PathBuf>,
}

/// Makes the scripts: of the entry, and of every folder that is loaded on demand. Names and code.
pub(crate) fn scripts(root: &Path, entry: &str, folders: &[&str]) -> Result<Vec<(String, String)>> {
    let mut bundle =
        Bundle { root, folders, modules: BTreeMap::new(), order: Vec::new(), open: Vec::new() };
    bundle.visit(Path::new(entry))?;
    let mut at = 0;
    while at < bundle.order.len() {
        for target in bundle.modules[&bundle.order[at]].on_demand.clone() {
            bundle.visit(&target)?;
        }
        at += 1;
    }
    Ok(bundle.write(entry))
}

impl Bundle<'_> {
    /// The script that a module is part of.
    fn script_of(&self, path: &Path, entry: &str) -> String {
        let first = path.iter().next().and_then(|part| part.to_str()).unwrap_or_default();
        let is_own = path.iter().count() > 1 && self.folders.contains(&first);
        if is_own { format!("{first}.js") } else { entry.to_owned() }
    }

    /// Reads a module, after those that it imports.
    fn visit(&mut self, path: &Path) -> Result<()> {
        if self.modules.contains_key(path) {
            return Ok(());
        }
        if self.open.iter().any(|one| one == path) {
            return Err(
                format!("{} imports itself, by way of {:?}", path.display(), self.open).into()
            );
        }
        self.open.push(path.to_owned());
        let module = self.read(path).map_err(|why| format!("{}: {why}", path.display()))?;
        self.open.pop();
        self.modules.insert(path.to_owned(), module);
        self.order.push(path.to_owned());
        Ok(())
    }

    fn read(&mut self, path: &Path) -> Result<Module> {
        let text = fs::read_to_string(self.root.join(path))?;
        // Indentation means nothing in the templates, which are markup.
        let text = text.lines().map(str::trim).collect::<Vec<_>>().join("\n");
        let text = text.replace("export default ", &format!("const {DEFAULT}="));
        let allocator = Allocator::default();
        let parsed = Parser::new(&allocator, &text, SourceType::mjs()).parse();
        if let Some(error) = parsed.errors.into_iter().next() {
            return Err(error.with_source_code(text.clone()).to_string().into());
        }
        let mut program = parsed.program;
        let mut scoping = SemanticBuilder::new().build(&program).semantic.into_scoping();
        let script = self.script_of(path, "app.js");
        let mut module = Module {
            script,
            code: String::new(),
            exports: BTreeMap::new(),
            on_demand: Vec::new(),
            taken: BTreeMap::new(),
        };
        let imported = self.imports(path, &program, &mut module)?;
        rename(&mut scoping, &imported, self.modules.len());
        self.exports(path, &program, &scoping, &mut module)?;
        without_module_syntax(&mut program);
        let code = Codegen::new().with_scoping(Some(scoping)).build(&program).code;
        module.code = self.on_demand(path, &code, &mut module.on_demand);
        Ok(module)
    }

    /// What a module imports: local names and the unique names that they stand for.
    fn imports(
        &mut self,
        path: &Path,
        program: &Program<'_>,
        module: &mut Module,
    ) -> Result<BTreeMap<String, String>> {
        let mut found = BTreeMap::new();
        for statement in &program.body {
            let Statement::ImportDeclaration(import) = statement else { continue };
            let target = resolve(path, &import.source.value);
            self.visit(&target)?;
            for specifier in import.specifiers.iter().flatten() {
                let (outside, local) = match specifier {
                    ImportDeclarationSpecifier::ImportSpecifier(one) => {
                        (one.imported.name().to_string(), one.local.name.to_string())
                    }
                    ImportDeclarationSpecifier::ImportDefaultSpecifier(one) => {
                        (DEFAULT.to_owned(), one.local.name.to_string())
                    }
                    ImportDeclarationSpecifier::ImportNamespaceSpecifier(one) => {
                        return Err(
                            format!("import what is needed of * as {}", one.local.name).into()
                        );
                    }
                };
                found.insert(local, self.take(&target, &outside, module)?);
            }
        }
        Ok(found)
    }

    /// The unique name of what another module exports.
    fn take(&self, target: &Path, outside: &str, module: &mut Module) -> Result<String> {
        let other = &self.modules[target];
        let unique = other.exports.get(outside);
        let unique = unique.ok_or_else(|| format!("{} exports no {outside}", target.display()))?;
        if other.script != module.script {
            // The first page would load what only others need.
            if module.script == "app.js" {
                return Err(format!("{} is loaded on demand only", target.display()).into());
            }
            // Stable, so that scripts of two versions that meet after an update fit together.
            let name = format!("{}:{outside}", target.display());
            module.taken.entry(other.script.clone()).or_default().insert(name, unique.clone());
        }
        Ok(unique.clone())
    }

    fn exports(
        &mut self,
        path: &Path,
        program: &Program<'_>,
        scoping: &Scoping,
        module: &mut Module,
    ) -> Result<()> {
        let unique = |local: &str| {
            let found = scoping.get_root_binding(local).map(|id| scoping.symbol_name(id));
            found.map(str::to_owned).ok_or_else(|| format!("exports {local}, which it has not"))
        };
        if let Some(name) = scoping.get_root_binding(DEFAULT) {
            module.exports.insert(DEFAULT.to_owned(), scoping.symbol_name(name).to_owned());
        }
        for statement in &program.body {
            let Statement::ExportNamedDeclaration(export) = statement else {
                if matches!(statement, Statement::ExportAllDeclaration(_)) {
                    return Err("name what is exported".into());
                }
                continue;
            };
            for local in declared(export) {
                module.exports.insert(local.clone(), unique(&local)?);
            }
            let source = export.source.as_ref().map(|source| resolve(path, &source.value));
            if let Some(target) = &source {
                self.visit(target)?;
            }
            for specifier in &export.specifiers {
                let (local, outside) = (specifier.local.name(), specifier.exported.name());
                let name = match &source {
                    Some(target) => self.take(target, &local, module)?,
                    None => unique(&local)?,
                };
                module.exports.insert(outside.to_string(), name);
            }
        }
        Ok(())
    }

    /// Points `import()` at the script that has the module.
    fn on_demand(&self, path: &Path, code: &str, found: &mut Vec<PathBuf>) -> String {
        let mut out = String::new();
        let mut rest = code;
        while let Some((before, after)) = rest.split_once("import(\"") {
            let (target, after) = after.split_once('"').unwrap_or((after, ""));
            let target = resolve(path, target);
            let script = self.script_of(&target, "app.js");
            let _ = write!(out, "{before}import(\"./{script}\"");
            found.push(target);
            rest = after;
        }
        out + rest
    }

    /// Every script as its modules in order, with what scripts take from one another.
    fn write(&self, entry: &str) -> Vec<(String, String)> {
        let of = |script: &str| {
            let all = self.order.iter().map(|path| &self.modules[path]);
            all.filter(|module| module.script == script).collect::<Vec<_>>()
        };
        let names: BTreeSet<&str> = self.modules.values().map(|one| one.script.as_str()).collect();
        let mut out = Vec::new();
        for name in names {
            let mut taken: BTreeMap<&String, BTreeMap<&String, &String>> = BTreeMap::new();
            for (script, names) in of(name).iter().flat_map(|module| &module.taken) {
                taken.entry(script).or_default().extend(names);
            }
            let mut code = String::new();
            for (script, names) in &taken {
                code.push_str(&list("import", names, |outside, unique| {
                    format!("{outside:?} as {unique}")
                }));
                let _ = writeln!(code, " from \"./{script}\";");
            }
            code.extend(of(name).iter().map(|module| module.code.as_str()));
            code.push_str(&list("export", &self.shared(name), |outside, unique| {
                format!("{unique} as {outside:?}")
            }));
            code.push(';');
            if name != entry {
                code.push_str(&list("export", &self.asked_for(name), |outside, unique| {
                    format!("{unique} as {outside}")
                }));
            }
            out.push((name.to_owned(), code));
        }
        out
    }

    /// What other scripts take from a script.
    fn shared(&self, script: &str) -> BTreeMap<&String, &String> {
        self.modules.values().filter_map(|module| module.taken.get(script)).flatten().collect()
    }

    /// What the modules of a script that somebody loads on demand export.
    fn asked_for(&self, script: &str) -> BTreeMap<&String, &String> {
        let targets = self.modules.values().flat_map(|module| &module.on_demand);
        let modules = targets.filter_map(|path| self.modules.get(path));
        modules
            .filter(|module| module.script == script)
            .flat_map(|module| &module.exports)
            .collect()
    }
}

/// An import or export of many names.
fn list(
    word: &str,
    names: &BTreeMap<&String, &String>,
    one: impl Fn(&str, &str) -> String,
) -> String {
    let names: Vec<_> = names.iter().map(|(outside, unique)| one(outside, unique)).collect();
    format!("{word} {{ {} }}", names.join(", "))
}

/// Gives every name at the top of a module a unique one, or that of what it was imported from.
fn rename(scoping: &mut Scoping, imported: &BTreeMap<String, String>, number: usize) {
    let tops: Vec<_> = scoping.iter_bindings_in(scoping.root_scope_id()).collect();
    for id in tops {
        let name = scoping.symbol_name(id).to_owned();
        let unique = imported.get(&name).cloned().unwrap_or_else(|| format!("{name}${number}"));
        scoping.set_symbol_name(id, &unique);
    }
}

/// The names that an exported declaration makes.
fn declared(export: &ExportNamedDeclaration<'_>) -> Vec<String> {
    use oxc_ast::ast::Declaration;
    match &export.declaration {
        Some(Declaration::VariableDeclaration(variables)) => {
            let ids =
                variables.declarations.iter().flat_map(|one| one.id.get_binding_identifiers());
            ids.map(|id| id.name.to_string()).collect()
        }
        Some(other) => other.id().map(|id| id.name.to_string()).into_iter().collect(),
        None => Vec::new(),
    }
}

/// Takes imports and exports away and leaves what is declared.
fn without_module_syntax(program: &mut Program<'_>) {
    program.body.retain_mut(|statement| {
        if matches!(statement, Statement::ImportDeclaration(_)) {
            return false;
        }
        let Statement::ExportNamedDeclaration(export) = statement else { return true };
        let Some(declaration) = export.declaration.take() else { return false };
        *statement = Statement::from(declaration);
        true
    });
}

/// The path of a module below the root, as another one names it.
fn resolve(from: &Path, target: &str) -> PathBuf {
    let mut path = from.parent().unwrap_or(Path::new("")).to_owned();
    for part in Path::new(target).components() {
        if part == Component::ParentDir {
            path.pop();
        } else if let Component::Normal(name) = part {
            path.push(name);
        }
    }
    path
}

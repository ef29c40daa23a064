"""Scripts that run in the window of Firefox itself, around the page."""

# Content tells its parent process of errors; what the browser's own pages and modules do is not ours.
CONSOLE = """
return Services.console.getMessageArray()
  .filter((it) => it instanceof Ci.nsIScriptError)
  .filter((it) => it.category.startsWith('CSP') || (it.sourceName.startsWith('http') && !(it.flags & it.warningFlag)))
  .map((it) => `${it.category}: ${it.errorMessage} (${it.sourceName})`);
"""
DOCUMENT = """
const browser = gBrowser.selectedBrowser;
return {
  id: browser.browsingContext.currentWindowGlobal?.innerWindowId,
  address: browser.currentURI.spec,
  document: browser.documentURI?.spec ?? '',
  loading: browser.webProgress.isLoadingDocument,
};
"""
# A window has a smallest width, the page in it has none.
SIZE = """
const style = gBrowser.selectedBrowser.style;
for (const [side, size] of [['width', arguments[0]], ['height', arguments[1]]]) {
  style.setProperty(`min-${side}`, `${size}px`);
  style.setProperty(`max-${side}`, `${size}px`);
}
"""
# Each runs in a thread of its own.
WORKERS = """
const running = ({children}) => children.flatMap(({threads}) => threads).filter(({name}) => name === 'DOM Worker');
return ChromeUtils.requestProcInfo().then((found) => running(found).length);
"""
QUIT_BY_MENU = "Services.startup.quit(Ci.nsIAppStartup.eForceQuit)"
# In place of the window in which a person chooses files. What it gives comes from the parent process, as theirs does: a
# file that the page's own process made could not be read there.
PICKER = """
const contract = '@mozilla.org/filepicker;1';
const local = (path) => {
  const file = Cc['@mozilla.org/file/local;1'].createInstance(Ci.nsIFile);
  file.initWithPath(path);
  return file;
};
const files = arguments[0].map(local);
const listed = () => {
  let at = 0;
  const list = {hasMoreElements: () => at < files.length, getNext: () => files[at++]};
  return {...list, QueryInterface: ChromeUtils.generateQI(['nsISimpleEnumerator'])};
};
const picker = {
  QueryInterface: ChromeUtils.generateQI(['nsIFilePicker']),
  init() {}, appendFilters() {}, appendFilter() {}, appendRawFilter() {}, close() {},
  mode: Ci.nsIFilePicker.modeOpenMultiple,
  get file() { return files[0]; },
  get files() { return listed(); },
  open: (done) => Services.tm.dispatchToMainThread(() => done.done(Ci.nsIFilePicker.returnOK)),
};
const factory = {
  QueryInterface: ChromeUtils.generateQI(['nsIFactory']),
  createInstance: (iid) => picker.QueryInterface(iid),
};
const registrar = Components.manager.QueryInterface(Ci.nsIComponentRegistrar);
registrar.registerFactory(Services.uuid.generateUUID(), 'files that a test chooses', contract, factory);
"""

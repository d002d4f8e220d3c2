if (parseInt(process.versions.node, 10) < 20) {
  console.error(`js-client needs Node 20 or newer on the PATH; this is ${process.version}, ${process.execPath}`);
  process.exit(1);
}

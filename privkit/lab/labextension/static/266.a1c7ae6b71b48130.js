"use strict";(self.rspackChunkjupyter_privkit=self.rspackChunkjupyter_privkit||[]).push([[266],{646(t,e,r){var i=r(601),n=r.n(i),p=r(314),o=(r.n(p))()(n());o.push([t.id,`.jp-privkit-status {
  align-items: center;
  display: flex;
  height: 100%;
}

.jp-privkit-status > button {
  background: none;
  border: 0;
  color: inherit;
  cursor: pointer;
  font: inherit;
  line-height: 1;
  padding: 0 4px;
}

.jp-privkit-status > button:focus-visible,
.jp-privkit-panel button:focus-visible,
.jp-privkit-panel input:focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: 1px;
}

.jp-privkit-status > button[data-level='low'],
.jp-privkit-status > button[data-level='spent'] {
  font-weight: 600;
  text-decoration: underline;
}

.jp-privkit-panel {
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color1);
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size1);
  overflow-wrap: anywhere;
  overflow-y: auto;
  padding: 8px 12px;
}

.jp-privkit-panel h2 {
  font-size: var(--jp-ui-font-size2);
  margin: 4px 0 8px;
}

.jp-privkit-panel h3 {
  font-size: var(--jp-ui-font-size1);
  margin: 16px 0 6px;
}

.jp-privkit-panel p {
  margin: 4px 0;
}

.jp-privkit-panel input {
  background: var(--jp-input-background);
  border: 1px solid var(--jp-ui-font-color2);
  box-sizing: border-box;
  color: inherit;
  font: inherit;
  padding: 4px 6px;
  width: 100%;
}

/* Three to one and more against the ground, in every theme: the track is the page itself. */
.jp-privkit-bar {
  background: var(--jp-layout-color1);
  border: 1px solid var(--jp-ui-font-color2);
  display: flex;
  height: 10px;
  margin-top: 8px;
}

.jp-privkit-spent {
  background: #0072b2;
}

.jp-privkit-reserved {
  background: repeating-linear-gradient(45deg, #8f5f00 0 4px, transparent 4px 8px);
}

body[data-jp-theme-light='false'] .jp-privkit-spent {
  background: #56b4e9;
}

body[data-jp-theme-light='false'] .jp-privkit-reserved {
  background: repeating-linear-gradient(45deg, #f0e442 0 4px, transparent 4px 8px);
}

.jp-privkit-bar[data-level='low'] .jp-privkit-spent.jp-privkit-spent {
  background: repeating-linear-gradient(90deg, #d55e00 0 6px, #b34700 6px 8px);
}

body[data-jp-theme-light='false'] .jp-privkit-bar[data-level='low'] .jp-privkit-spent.jp-privkit-spent {
  background: repeating-linear-gradient(90deg, #d55e00 0 6px, #f0a868 6px 8px);
}

.jp-privkit-bar[data-level='spent'] .jp-privkit-spent {
  background: #d55e00;
}

.jp-privkit-small,
.jp-privkit-calm {
  color: var(--jp-ui-font-color2);
}

.jp-privkit-entries {
  list-style-position: outside;
  margin: 8px 0;
  padding-left: 28px;
}

.jp-privkit-entries li {
  border-top: 1px solid var(--jp-border-color2);
  line-height: 1.5;
  padding: 6px 0;
}

.jp-privkit-project + .jp-privkit-project {
  border-top: 2px solid var(--jp-border-color1);
  margin-top: 20px;
}

.jp-privkit-rest {
  list-style: none;
}

.jp-privkit-cost {
  float: right;
  overflow-wrap: normal;
  font-variant-numeric: tabular-nums;
  margin-left: 8px;
}

.jp-privkit-entries .jp-privkit-small {
  display: block;
}

.jp-privkit-link,
.jp-privkit-more {
  background: none;
  border: 0;
  color: var(--jp-content-link-color);
  cursor: pointer;
  font: inherit;
  padding: 0;
  text-align: left;
  text-decoration: underline;
}

.jp-privkit-typed {
  align-items: center;
  display: flex;
  flex-wrap: wrap;
  gap: 4px 12px;
}

.jp-privkit-fold > summary {
  cursor: pointer;
  font-weight: 600;
  margin-top: 8px;
}

.jp-privkit-details summary {
  color: var(--jp-content-link-color);
  cursor: pointer;
}

.jp-privkit-fold > summary:focus-visible,
.jp-privkit-details summary:focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: 1px;
}

.jp-privkit-fold dl {
  display: grid;
  gap: 2px 8px;
  grid-template-columns: auto 1fr;
  margin: 4px 0;
}

.jp-privkit-fold .jp-privkit-persons {
  grid-template-columns: 1fr auto;
}

.jp-privkit-persons dd {
  font-variant-numeric: tabular-nums;
  text-align: right;
}

.jp-privkit-fold dd {
  margin: 0;
}

.jp-privkit-fold dt {
  color: var(--jp-ui-font-color2);
}

.jp-privkit-details pre {
  background: var(--jp-layout-color2);
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
  margin: 4px 0;
  padding: 4px 6px;
  white-space: pre-wrap;
}

.jp-privkit-unseen {
  clip-path: inset(50%);
  height: 1px;
  overflow: hidden;
  position: absolute;
  width: 1px;
}

@media (forced-colors: active) {
  .jp-privkit-bar[data-level] .jp-privkit-spent.jp-privkit-spent {
    background: Highlight;
    forced-color-adjust: none;
  }

  .jp-privkit-bar[data-level] .jp-privkit-reserved {
    background: repeating-linear-gradient(45deg, CanvasText 0 3px, Canvas 3px 6px);
    forced-color-adjust: none;
  }
}
`,""]),r.d(e,{},{A:o})},314(t){t.exports=function(t){var e=[];return e.toString=function(){return this.map(function(e){var r="",i=void 0!==e[5];return e[4]&&(r+="@supports (".concat(e[4],") {")),e[2]&&(r+="@media ".concat(e[2]," {")),i&&(r+="@layer".concat(e[5].length>0?" ".concat(e[5]):""," {")),r+=t(e),i&&(r+="}"),e[2]&&(r+="}"),e[4]&&(r+="}"),r}).join("")},e.i=function(t,r,i,n,p){"string"==typeof t&&(t=[[null,t,void 0]]);var o={};if(i)for(var a=0;a<this.length;a++){var l=this[a][0];null!=l&&(o[l]=!0)}for(var s=0;s<t.length;s++){var d=[].concat(t[s]);i&&o[d[0]]||(void 0!==p&&(void 0===d[5]||(d[1]="@layer".concat(d[5].length>0?" ".concat(d[5]):""," {").concat(d[1],"}")),d[5]=p),r&&(d[2]&&(d[1]="@media ".concat(d[2]," {").concat(d[1],"}")),d[2]=r),n&&(d[4]?(d[1]="@supports (".concat(d[4],") {").concat(d[1],"}"),d[4]=n):d[4]="".concat(n)),e.push(d))}},e}},601(t){t.exports=function(t){return t[1]}},665(t,e,r){r.r(e);var i=r(72),n=r.n(i),p=r(825),o=r.n(p),a=r(659),l=r.n(a),s=r(56),d=r.n(s),c=r(540),u=r.n(c),v=r(113),f=r.n(v),g=r(646),j={};j.styleTagTransform=f(),j.setAttributes=d(),j.insert=l().bind(null,"head"),j.domAPI=o(),j.insertStyleElement=u(),n()(g.A,j);let k=g.A&&g.A.locals?g.A.locals:void 0;r.d(e,{},{default:k})},72(t){var e=[];function r(t){for(var r=-1,i=0;i<e.length;i++)if(e[i].identifier===t){r=i;break}return r}function i(t,i){for(var n={},p=[],o=0;o<t.length;o++){var a=t[o],l=i.base?a[0]+i.base:a[0],s=n[l]||0,d="".concat(l," ").concat(s);n[l]=s+1;var c=r(d),u={css:a[1],media:a[2],sourceMap:a[3],supports:a[4],layer:a[5]};if(-1!==c)e[c].references++,e[c].updater(u);else{var v=function(t,e){var r=e.domAPI(e);return r.update(t),function(e){e?(e.css!==t.css||e.media!==t.media||e.sourceMap!==t.sourceMap||e.supports!==t.supports||e.layer!==t.layer)&&r.update(t=e):r.remove()}}(u,i);i.byIndex=o,e.splice(o,0,{identifier:d,updater:v,references:1})}p.push(d)}return p}t.exports=function(t,n){var p=i(t=t||[],n=n||{});return function(t){t=t||[];for(var o=0;o<p.length;o++){var a=r(p[o]);e[a].references--}for(var l=i(t,n),s=0;s<p.length;s++){var d=r(p[s]);0===e[d].references&&(e[d].updater(),e.splice(d,1))}p=l}}},659(t){var e={};t.exports=function(t,r){var i=function(t){if(void 0===e[t]){var r=document.querySelector(t);if(window.HTMLIFrameElement&&r instanceof window.HTMLIFrameElement)try{r=r.contentDocument.head}catch(t){r=null}e[t]=r}return e[t]}(t);if(!i)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");i.appendChild(r)}},540(t){t.exports=function(t){var e=document.createElement("style");return t.setAttributes(e,t.attributes),t.insert(e,t.options),e}},56(t,e,r){t.exports=function(t){var e=r.nc;e&&t.setAttribute("nonce",e)}},825(t){t.exports=function(t){if("u"<typeof document)return{update:function(){},remove:function(){}};var e=t.insertStyleElement(t);return{update:function(r){var i,n,p;i="",r.supports&&(i+="@supports (".concat(r.supports,") {")),r.media&&(i+="@media ".concat(r.media," {")),(n=void 0!==r.layer)&&(i+="@layer".concat(r.layer.length>0?" ".concat(r.layer):""," {")),i+=r.css,n&&(i+="}"),r.media&&(i+="}"),r.supports&&(i+="}"),(p=r.sourceMap)&&"u">typeof btoa&&(i+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(p))))," */")),t.styleTagTransform(i,e,t.options)},remove:function(){var t;null===(t=e).parentNode||t.parentNode.removeChild(t)}}}},113(t){t.exports=function(t,e){if(e.styleSheet)e.styleSheet.cssText=t;else{for(;e.firstChild;)e.removeChild(e.firstChild);e.appendChild(document.createTextNode(t))}}}}]);